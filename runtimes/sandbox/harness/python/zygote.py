"""Started once per engine: imports what forks sandboxes, and hides it again."""

import sys

_ENGINE = "/opt/sandloft/engine"

bare = set(sys.modules)
sys.path[0] = _ENGINE
from runtimes.sandbox import finish, zygote  # noqa: E402 -- only found from here on

del sys.path[0]
finish.remember(frozenset(bare - {"__main__"}))
zygote.main(bare)
