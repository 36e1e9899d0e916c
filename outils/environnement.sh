#!/bin/bash
# Makes .venv and installs a requirements file into it. Usage: outils/environnement.sh PYTHON FILE
set -euo pipefail
python=$1 fichier=$2
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    echo "Création de l'environnement Python (.venv)…"
    "$python" -m venv --clear .venv
fi
echo "Installation des bibliothèques de ${fichier}…"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
.venv/bin/python -m pip install --quiet --no-input --require-hashes -r "$fichier"
