"""Say here what this agent does."""


def main(name: str) -> dict:
    """The fields of the input arrive as parameters; what is returned is the result."""
    print(f"Hello, {name}!")
    return {"greeting": f"Hello, {name}!"}
