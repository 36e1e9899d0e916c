"""Exit 0 when this node can serve: its /sante/ answers, and reaches the database.

Work that is late makes /sante/ answer 503 for those who monitor; it is no fault of this node.
"""

import http.client
import json
import os
import sys


def ask() -> dict[str, object]:
    """What /sante/ says, asked under the first name the site accepts."""
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*") or "127.0.0.1"
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT_WEB", "8000")), timeout=8)
    connection.request("GET", "/sante/", headers={"Host": name})
    return dict(json.loads(connection.getresponse().read()))


if __name__ == "__main__":
    try:
        state = ask()
    except (OSError, ValueError, http.client.HTTPException) as error:
        sys.exit(f"/sante/ : {error}")
    print(state)
    sys.exit(state.get("base") != "ok")
