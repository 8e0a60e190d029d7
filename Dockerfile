# syntax=docker/dockerfile:1
# One image for web and workers. Build: docker build -t sandloft .

FROM node:22-bookworm-slim AS node

FROM python:3.11-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.8 /uv /usr/local/bin/uv
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-cache --extra s3

FROM python:3.11-slim-bookworm
# What agents in Bash may expect; the sandbox shows programs of the image, read-only.
RUN apt-get update \
    && apt-get install -y --no-install-recommends bash coreutils gawk grep jq sed \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin sandloft \
    && install -d -o sandloft -g sandloft -m 0700 /data
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY manage.py pyproject.toml ./
COPY workspaces workspaces
COPY runtimes runtimes
COPY analytics analytics
COPY agents agents
COPY studio studio
COPY templates templates
COPY static static
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STUDIO_DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000 \
    LOG_JSON=true
USER sandloft
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "runstudio"]
