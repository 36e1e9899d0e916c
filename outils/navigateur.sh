#!/bin/bash
# The browser of the tests: Debian's Chromium; where no such package exists (Ubuntu only has a snap),
# the one Playwright fetches, kept in var/. Usage: outils/navigateur.sh PYTHON
set -euo pipefail
command -v chromium >/dev/null && exit 0
export PLAYWRIGHT_BROWSERS_PATH=${PLAYWRIGHT_BROWSERS_PATH:-$PWD/var/navigateurs}
ls "$PLAYWRIGHT_BROWSERS_PATH"/chromium* >/dev/null 2>&1 && exit 0
echo "Téléchargement du navigateur des tests dans $PLAYWRIGHT_BROWSERS_PATH"
if [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; then
    exec "$1" -m playwright install --with-deps chromium
fi
exec "$1" -m playwright install chromium
