#!/bin/bash
# System packages: installs the missing ones when it may, else prints the line to type and stops.
# Usage: outils/paquets.sh demo|tests PYTHON
set -euo pipefail
usage=$1 python=$2
PATH=$PATH:/usr/sbin:/sbin
manquants=() utilises=()

besoin() { # besoin PAQUET CE-QUE-C'EST TEST…
    local paquet=$1 objet=$2
    shift 2
    if ! "$@" >/dev/null 2>&1; then
        manquants+=("$paquet")
        utilises+=("$objet")
    fi
}
bibliotheque() { ldconfig -p | grep -F "$1" >/dev/null; }
commande() { command -v "$1"; }
un_navigateur() { command -v chromium || [ "$(distribution)" = ubuntu ]; } # see outils/navigateur.sh
distribution() { (. /etc/os-release && echo "$ID") 2>/dev/null || echo inconnue; }
paquet_venv() {
    case $(basename "$python") in
        python3.*) echo "$(basename "$python")-venv" ;;
        *) echo python3-venv ;;
    esac
}

besoin "$(paquet_venv)" "les modules Python venv et ensurepip" "$python" -c "import ensurepip, venv"
if [ "$(uname -s)" = Linux ]; then
    besoin libpango-1.0-0 "la bibliothèque Pango" bibliotheque libpango-1.0.so.0
    besoin libpangoft2-1.0-0 "la bibliothèque PangoFT2" bibliotheque libpangoft2-1.0.so.0
    besoin libharfbuzz-subset0 "la bibliothèque HarfBuzz Subset" bibliotheque libharfbuzz-subset.so.0
fi
if [ "$usage" = tests ]; then
    besoin chromium "le navigateur Chromium" un_navigateur
    besoin poppler-utils "les programmes de Poppler (pdftotext, pdftoppm)" commande pdftoppm
fi
[ ${#manquants[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    {
        echo "Il manque à ce système, à installer par ses propres moyens :"
        printf '  - %s\n' "${utilises[@]}"
    } >&2
    exit 1
fi
ligne="apt-get install -y --no-install-recommends ${manquants[*]}"
prefixe=()
if [ "$(id -u)" -ne 0 ]; then
    if ! { command -v sudo && sudo -n true; } >/dev/null 2>&1; then
        {
            echo "Il manque des paquets système. Installez-les, puis relancez :"
            echo "  sudo $ligne"
        } >&2
        exit 1
    fi
    prefixe=(sudo -n)
fi
echo "Installation des paquets système : ${manquants[*]}"
apt_get() { "${prefixe[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/dev/null; }
if ! { apt_get update && apt_get install -y --no-install-recommends "${manquants[@]}"; }; then
    {
        echo "L'installation a échoué. À essayer à la main :"
        echo "  ${prefixe[*]:+sudo }$ligne"
    } >&2
    exit 1
fi
