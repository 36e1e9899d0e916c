#!/bin/sh
# Prints the first Python 3.11 or newer it finds; the interpreter of a virtual environment is skipped.
set -eu
for nom in python3.13 python3.12 python3.11 python3 python3.14; do
    chemin=$(command -v "$nom" 2>/dev/null) || continue
    if "$chemin" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$chemin"
        exit 0
    fi
done
echo "Python 3.11 ou plus récent est nécessaire, et aucun n'a été trouvé (sous Debian ou Ubuntu : apt-get install python3)." >&2
exit 1
