#!/usr/bin/env bash
# Makes the two base images available under their usual names.
#
# The Dockerfiles of the project are based on busybox and python:3.11-slim, and many
# test machines cannot reach an image registry. An existing image is kept; otherwise
# it is pulled; if that fails, a replacement is built from Debian's packages that
# behaves like the official image as far as the Dockerfiles need. Replacements have
# the label app07.standin=true.

set -euo pipefail

# shellcheck source=debian_mirror.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_mirror.sh"

readonly BUSYBOX=busybox:latest
readonly PYTHON=python:3.11-slim
readonly PYTHON_RELEASE=bookworm # the Debian release whose Python is 3.11
readonly PULL_SECONDS="${PULL_SECONDS:-60}"
readonly LABEL='LABEL app07.standin=true'
readonly HOST_CA=/etc/ssl/certs/ca-certificates.crt

scratch=""

usage() {
    cat <<TEXT
Usage: make_base_images.sh [--help]

Makes ${BUSYBOX} and ${PYTHON} available to docker build: uses an
existing image, or pulls it, or builds a replacement from Debian's packages (as
root; needs a running Docker engine).

  docker image inspect --format '{{index .Config.Labels "app07.standin"}}' NAME
  prints "true" for a replacement.

Environment:
  PULL_SECONDS   time limit of one pull (now ${PULL_SECONDS})

Exit status: 0 both are available, 2 wrong usage, 69 one is not available.
TEXT
}

say() { printf 'images: %s\n' "$*"; }

fail() {
    printf 'images: %s\n' "$*" >&2
    exit 69
}

remove_scratch() { if [[ -n "${scratch}" ]]; then rm -rf "${scratch}"; fi; }

exists() { docker image inspect "$1" >/dev/null 2>&1; }

# "4.2 MB"
size_of() { docker image inspect --format '{{.Size}}' "$1" | awk '{ printf "%.1f MB", $1 / 1e6 }'; }

pull() {
    local message
    if message="$(timeout "${PULL_SECONDS}" docker pull --quiet "$1" 2>&1)"; then return; fi
    say "$1 cannot be pulled: ${message:-no response within ${PULL_SECONDS} s}"
    return 1
}

# Also updates the package lists, so that a replacement gets the latest fixes.
require_tools() {
    local missing=("$@")
    [[ "$(id -u)" -eq 0 ]] || fail "only root can build a replacement."
    command -v apt-get >/dev/null || fail "a replacement can only be built on Debian."
    apt-get -qq update || fail "apt-get update failed: is the Debian mirror reachable?"
    if dpkg-query -W "${missing[@]}" >/dev/null 2>&1; then return; fi
    say "installing from Debian: ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
        fail "apt-get could not install ${missing[*]}."
}

# import FOLDER NAME [CHANGE...]: creates a single-layer image from a folder.
import() {
    local folder="$1" name="$2" change changes=(--change "${LABEL}")
    shift 2
    for change in "$@"; do changes+=(--change "${change}"); done
    tar -C "${folder}" --numeric-owner -c . | docker import "${changes[@]}" - "${name}" >/dev/null
}

# --- busybox ---------------------------------------------------------------

busybox_accounts() {
    local root="$1"
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' \
        'daemon:x:1:1:daemon:/usr/sbin:/bin/false' \
        'www-data:x:33:33:www-data:/var/www:/bin/false' \
        'nobody:x:65534:65534:nobody:/home:/bin/false' >"${root}/etc/passwd"
    printf '%s\n' 'root:x:0:' 'daemon:x:1:' 'www-data:x:33:' 'nobody:x:65534:' >"${root}/etc/group"
}

make_busybox() {
    local root="${scratch}/busybox" package="${scratch}/busybox-package" applet
    require_tools ca-certificates
    mkdir -p "${package}" "${root}"/{bin,dev,etc,home,usr/bin,usr/sbin,var/www}
    install -d -m 0700 "${root}/root"
    install -d -m 1777 "${root}/tmp"
    (cd "${package}" && apt-get -qq -o APT::Sandbox::User=root download busybox-static) ||
        fail "the package busybox-static could not be downloaded."
    dpkg-deb -x "${package}"/*.deb "${package}/tree"
    install -m 0755 "$(find "${package}/tree" -type f -path '*/bin/busybox')" "${root}/bin/busybox"
    for applet in $("${root}/bin/busybox" --list); do
        [[ "${applet}" == busybox ]] || ln "${root}/bin/busybox" "${root}/bin/${applet}"
    done
    ln -s ../../bin/env "${root}/usr/bin/env" # the path in "#!/usr/bin/env"
    busybox_accounts "${root}"
    import "${root}" "${BUSYBOX}" 'CMD ["sh"]'
}

# --- python ----------------------------------------------------------------

python_source() { printf 'deb [signed-by=%s] %s %s main\n' "${DEBIAN_KEYRING}" "$1" "$2"; }

# The sources for mmdebstrap, on the mirrors of this machine.
python_sources() {
    local mirror security
    mirror="$(debian_mirror)" || fail "found no Debian archive in this machine's apt sources."
    security="$(debian_security_mirror)" || security=""
    python_source "${mirror}" "${PYTHON_RELEASE}"
    python_source "${mirror}" "${PYTHON_RELEASE}-updates"
    if [[ -n "${security}" ]]; then python_source "${security}" "${PYTHON_RELEASE}-security"; fi
}

# The apt settings of this machine (proxy, timeouts) are used in the chroot, too.
own_apt_options() {
    apt-config dump --format '%F "%v";%n' Acquire | grep -E '^Acquire::(Check|https?|Retries)' || true
}

bootstrap_python() {
    local root="$1"
    python_sources >"${scratch}/python.list"
    own_apt_options >"${scratch}/apt.conf"
    # Translations, manuals, documentation and recommended packages are excluded:
    # pip recommends a compiler, which the official image does not have. The hook
    # merges /usr from the start; otherwise usrmerge does it and installs all of
    # Perl (50 MB).
    mmdebstrap --variant=minbase \
        --include=python3,python3-pip,python3-venv,ca-certificates \
        --aptopt="${scratch}/apt.conf" \
        --aptopt='APT::Install-Recommends "false"' \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        "${PYTHON_RELEASE}" "${root}" "${scratch}/python.list" >"${scratch}/log" 2>&1 && return
    tail -n 15 "${scratch}/log" >&2
    fail "mmdebstrap could not build ${PYTHON_RELEASE}."
}

# Commands and folders at the paths of the official image.
arrange_python() {
    local root="$1" name
    for name in python python3 python3.11; do ln -s /usr/bin/python3.11 "${root}/usr/local/bin/${name}"; done
    for name in pip pip3 pip3.11; do ln -s /usr/bin/pip3 "${root}/usr/local/bin/${name}"; done
    # Debian's pip installs into dist-packages, the official one into site-packages.
    mkdir -p "${root}/usr/local/lib/python3.11/site-packages"
    rm -rf "${root}/usr/local/lib/python3.11/dist-packages"
    ln -s site-packages "${root}/usr/local/lib/python3.11/dist-packages"
    # The official image allows pip to install into the system Python.
    rm -f "${root}/usr/lib/python3.11/EXTERNALLY-MANAGED"
}

# The network of this machine may use a private certificate authority.
trust_what_this_machine_trusts() {
    local root="$1"
    install -m 0644 "${HOST_CA}" "${root}${HOST_CA}"
    printf '[global]\ncert = %s\n' "${HOST_CA}" >"${root}/etc/pip.conf"
}

trim() {
    local root="$1"
    rm -rf "${root}"/var/lib/apt/lists/* "${root}"/var/cache/apt/*.bin "${root}"/var/cache/apt/archives/*.deb \
        "${root}"/var/cache/debconf/*-old "${root}"/var/log/*.log "${root}"/var/log/apt/* \
        "${root}"/etc/apt/apt.conf.d/99mmdebstrap "${root}"/tmp/* "${root}"/run/*
    # These belong to the chroot; the engine creates its own for containers.
    rm -f "${root}/etc/resolv.conf" "${root}/etc/hostname"
}

make_python() {
    local root="${scratch}/python" version
    require_tools mmdebstrap ca-certificates
    bootstrap_python "${root}"
    arrange_python "${root}"
    trust_what_this_machine_trusts "${root}"
    trim "${root}"
    version="$(chroot "${root}" python3 -c 'import platform; print(platform.python_version())')"
    import "${root}" "${PYTHON}" 'CMD ["python3"]' 'ENV LANG=C.UTF-8' "ENV PYTHON_VERSION=${version}" \
        'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin'
}

# ---------------------------------------------------------------------------

# ensure NAME MAKER
ensure() {
    local name="$1" maker="$2" begin="${SECONDS}"
    if exists "${name}"; then
        say "${name} exists ($(size_of "${name}"))"
    elif pull "${name}"; then
        say "${name} was pulled ($(size_of "${name}"))"
    else
        say "building a replacement for ${name} from Debian's packages"
        "${maker}"
        say "${name} was built ($(size_of "${name}"), $((SECONDS - begin)) s)"
    fi
}

main() {
    case "${1:-}" in
    -h | --help) usage && exit 0 ;;
    '') ;;
    *) usage >&2 && exit 2 ;;
    esac
    timeout 20 docker info >/dev/null 2>&1 || fail "no engine responds: run start_engine.sh first."
    umask 022 # of the files in the images
    scratch="$(mktemp -d)"
    chmod 0755 "${scratch}"
    trap remove_scratch EXIT
    ensure "${BUSYBOX}" make_busybox
    ensure "${PYTHON}" make_python
}

main "$@"
