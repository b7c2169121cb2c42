#!/bin/sh
# Puts one file on the shared volume, says that it stands there, and waits to be told to stop.
#
#   publish SOURCE TARGET [OUTDATED...]
#   publish --healthy                      what Docker asks: does the copy of this run stand?
#
# SOURCE is what the image holds. Compose may hand in another file instead:
#   SELECTED_PATH  a file of the host, mounted at /selected/file, its folder at /selected/folder (*_PATH)
#   SELECTED_NAME  a file of the folder mounted at /models (MODEL_NAME); beside SELECTED_PATH only a label
# OUTDATED are files that an earlier run may have left on the volume and that must not outlive it.
#
# Why it stays alive: `up --abort-on-container-exit` ends the whole stack at the first container that exits,
# whatever its status. The one that may exit is codebase.
# Why it reports ready when it has nothing to give, too: codebase then finds nothing, says so, and ends the run
# with status 66 (or 73, where nothing can be written) under every Compose. A data container that exits early
# makes Compose give up with status 1, show no reason (1.29.2), and leave the other one running.
#
# The same file lies in container1_activationbase/ and container2_knowledgebase/, because each image is built
# from its own folder alone; tests/pipeline keeps the two equal.
set -eu

READY=/run/published

# Docker asks every 250 ms, so that a run starts without delay, and each question costs a process. Only the
# first yes matters; the later ones take their time.
if [ "$1" = --healthy ]; then
    [ -e "$READY" ] || exit 1
    [ ! -e "$READY.seen" ] || sleep 20
    touch "$READY.seen"
    exit 0
fi

target=$2
shared=$(dirname "$target")
umask 022

say() { echo "$*"; }
complain() { echo "ERROR: $*" >&2; }

wait_for_the_end() {
    # PID 1 gets no default signal handlers: without the trap, stopping would take ten seconds.
    trap 'exit 0' TERM INT
    touch "$READY"
    while :; do sleep 3600 & wait $! || true; done
}

# The folder belongs to whoever cloned the project. It stays theirs; its group becomes the one that codebase
# runs in, so that a process without root can write there, and every file can be removed by the folder's owner.
open_the_volume_to_codebase() {
    chgrp "$CODEBASE_GROUP" "$shared" 2>/dev/null && chmod g+rwx "$shared" 2>/dev/null && return
    say "note: the group of shared_data cannot be changed here; codebase writes with what it has"
}

remove_outdated() {
    for old in "$target" "${target%.*}.card.json" "$@"; do
        rm -f "$old" "$shared/.$(basename "$old")".*.tmp && continue
        # Where nothing can be written, codebase cannot write a prediction either, and says so.
        nothing_can_be_written && leave_it_to_codebase "cannot write to shared_data: read-only or not allowed"
        complain "cannot remove $old of an earlier run"
        exit 73
    done
}

nothing_can_be_written() {
    probe=$shared/.probe.$$.tmp
    touch "$probe" 2>/dev/null || return 0
    rm -f "$probe"
    return 1
}

leave_it_to_codebase() {
    complain "$*"
    wait_for_the_end
}

names_in() {
    for path in "$1"/*; do
        case $path in *.card.json | *.md) continue ;; esac
        [ ! -f "$path" ] || printf '%s ' "${path##*/}"
    done | cut -c1-500
}

# The card of NAME.pkl, or of a packed NAME.pkl.gz or NAME.pkl.bz2, is NAME.card.json.
card_of() {
    bare=${1%.gz}
    bare=${bare%.bz2}
    echo "${bare%.*}.card.json"
}

# Sets source and card, or complains and returns 1.
choose() {
    source=$1
    card=$(card_of "$1")
    label=$(basename "$1")
    if [ -n "${SELECTED_PATH:-}" ]; then
        name=${SELECTED_PATH##*[/\\]}
        source=/selected/file
        card=$(card_of "/selected/folder/$name")
        label="${SELECTED_NAME:-$name} ($SELECTED_PATH)"
        [ -f "$source" ] && return
        complain "$SELECTED_PATH is not a file; in its folder there are: $(names_in /selected/folder)"
        return 1
    elif [ -n "${SELECTED_NAME:-}" ]; then
        for name in "$SELECTED_NAME" "$SELECTED_NAME.pkl"; do
            case $name in */*) continue ;; esac
            label="models/$name"
            source=/models/$name
            card=$(card_of "/models/$name")
            [ -f "$source" ] && return
        done
        if [ "$SELECTED_NAME" = "$(basename "$1")" ]; then
            source=$1 card=$(card_of "$1") label=$SELECTED_NAME
            return
        fi
        complain "models/ has no $SELECTED_NAME; there are: $(names_in /models)"
        return 1
    fi
    [ -f "$source" ] && return
    complain "this image holds no $source"
    return 1
}

# A reader sees a whole file or none: written beside its place, then renamed.
put() {
    new=$shared/.$(basename "$2").$$.tmp
    cp "$1" "$new" && chown "$owner" "$new" && chmod 644 "$new" && mv -f "$new" "$2" && return
    rm -f "$new" "$2"
    leave_it_to_codebase "cannot write $2: disk full or not allowed"
}

rm -f "$READY" "$READY.seen"
shipped=$1
shift 2
remove_outdated "$@"
open_the_volume_to_codebase
owner=$(stat -c %u:%g "$shared")
if choose "$shipped"; then
    # The card first: whoever sees the file sees its card.
    [ ! -f "$card" ] || put "$card" "${target%.*}.card.json"
    put "$source" "$target"
    say "$label -> $target ($(stat -c %s "$target") bytes, sha256 $(sha256sum "$target" | cut -c1-16))"
fi
wait_for_the_end
