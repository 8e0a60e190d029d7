"""A local engine that runs each program in its own single-use sandbox.

Two sides meet over a socket. The *outside* (`client`, `supervisor`, `verdicts`) lives in the
server. The *inside* (`spawner`, `box`, `layout`, `confine`, `meter`, `artifacts`) lives in a
small process of its own and imports nothing heavier than ctypes and json.
"""
