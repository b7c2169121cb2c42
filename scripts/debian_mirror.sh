# shellcheck shell=bash
# Determines the Debian mirror of this machine; sourced by the other scripts.
#
# No mirror is hard-coded. apt reports what it would fetch, so both of its source
# formats, custom mirrors and their credentials (auth.conf) work. Nothing is
# fetched, and no source is changed. Suite and component tell Debian's archives
# from others.

# shellcheck disable=SC2034 # used by the scripts that source this file
readonly DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# _first_archive SUITE-PATTERN: prints its address; status 1 if there is none.
_first_archive() {
    apt-get update --print-uris |
        sed -nE "s#^'(.*)/dists/($1)/main/binary-[^/]+/Packages.*#\\1#p" |
        awk 'NR == 1; END { exit NR == 0 }'
}

_codename() { (. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:?}"); }

# Serves every release of Debian.
debian_mirror() { _first_archive "$(_codename)|stable|oldstable"; }

# Serves the security updates of every supported release.
debian_security_mirror() { _first_archive "($(_codename)|stable|oldstable)(-security|/updates)"; }
