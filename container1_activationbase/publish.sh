#!/bin/sh
# Puts one file on the shared volume, says that it stands there, and stays until codebase has ended.
#
#   publish SOURCE TARGET [OUTDATED...]
#   publish --healthy                      what Docker asks: does the copy of this run stand?
#
# SOURCE is what the image holds. Compose may hand in another file instead:
#   SELECTED_PATH  a file of the host, mounted at /selected/file, its folder at /selected/folder (*_PATH)
#   SELECTED_NAME  a file of the folder mounted at /models (MODEL_NAME); beside SELECTED_PATH only a label
# OUTDATED are files that an earlier run may have left on the volume and that must not outlive it.
#
#   SIGNAL         a named pipe on the volume `signals`, by which the end of codebase is seen
#   CODEBASE_WAIT  seconds to wait for codebase to start, once all data containers are ready (default 300)
#   BUILT_FROM     the file of the checkout that SOURCE was built from, under /checkout, to compare with
#
# Why it stays alive: `up --abort-on-container-exit` ends the whole stack at the first container that exits,
# whatever its status. The one that may exit first is codebase.
# Why it then ends by itself: a plain `up` returns when every container has ended, and `up -d` leaves none.
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
signal=${SIGNAL:-/run/signal}
notice=$signal.notice
umask 022

say() { echo "$*"; }
complain_as() { first=$1; shift; echo "$first: $*" >&2; }
complain() { complain_as ERROR "$*"; }

# Whoever looks knows that this container still copies, so that nobody gives up on codebase before it can start.
begin() {
    mkdir -p "${signal%/*}"
    trap 'leave $?' EXIT
    rm -f "$signal.ready" "$signal.failed" "$signal.sha256"
    : >"$signal.busy"
    : >"$notice"
    [ -p "$signal" ] && [ ! -L "$signal" ] && return
    rm -rf "$signal"
    mkfifo "$signal"
    chmod 666 "$signal"
}

leave() {
    rm -f "$signal.busy" "$signal.ready"
    [ "$1" = 0 ] || : >"$signal.failed"
}

# codebase writes a line into the pipe when it starts and holds the pipe open for its whole life. The kernel closes
# it however codebase ends, also when it is killed, and a reader sees that as the end of the file.
wait_for_the_end() {
    # PID 1 gets no default signal handlers: without the trap, stopping would take ten seconds.
    trap 'exit 0' TERM INT
    # Opened for both directions, which never blocks; from now on a line of codebase is not lost.
    exec 8<>"$signal"
    stay &
    exec 8>&-
    rm -f "$signal.busy"
    # For codebase, which Compose starts without waiting after `restart` and `start`; then for Docker.
    touch "$signal.ready" "$READY"
    wait $! || exit $?
    exit 0
}

stay() {
    wait_for_codebase || return 75
    while :; do
        # Once this end can only read, `cat` ends when the last codebase has gone.
        exec 7<"$signal" 8>&-
        cat <&7 >/dev/null
        # Compose has to see codebase end before it sees this container end. Another codebase may start meanwhile.
        exec 8<>"$signal"
        read -r -t 2 line <&8 || return 0
    done
}

# Counts only while every data container is ready: a large file may take its time.
wait_for_codebase() {
    case ${CODEBASE_WAIT:-} in '' | *[!0-9]*) limit=300 ;; *) limit=$CODEBASE_WAIT ;; esac
    waited=0 busy=0
    until read -r -t 1 line <&8; do
        if [ $busy -lt 3600 ] && [ -n "$(ls "${signal%/*}"/*.busy 2>/dev/null)" ]; then
            busy=$((busy + 1))
            continue
        fi
        # Where another data container has failed, Compose starts no codebase, or has done so by now.
        [ $waited -lt 10 ] || [ -z "$(ls "${signal%/*}"/*.failed 2>/dev/null)" ] || limit=$waited
        waited=$((waited + 1))
        [ $waited -lt "$limit" ] && continue
        complain "codebase did not start within $limit s (CODEBASE_WAIT); this container ends"
        return 1
    done
}

# A warning for people here, and for codebase, which repeats it at its end and notes it in prediction.json.
warn() {
    complain_as WARNING "$*"
    echo "$*" >>"$notice"
}

digest_of() { sha256sum "$1" 2>/dev/null | cut -c1-16; }

# The image may have been built in another checkout, with another MODEL_FILE, or before the file was changed.
compare_with_the_checkout() {
    [ -n "${BUILT_FROM:-}" ] || return 0
    folder=${BUILT_FROM%%/*}
    if [ "$source" = "$shipped" ] && ! cmp -s "$source" "/checkout/$BUILT_FROM"; then
        theirs=$(digest_of "/checkout/$BUILT_FROM")
        warn "${folder#*_}_app07 holds another file (sha256 $(digest_of "$source")) than $BUILT_FROM" \
            "(${theirs:+sha256 }${theirs:-missing}). $BECAUSE"
    elif [ "$source" = "$shipped" ] && ! same_card "$(card_of "/checkout/$BUILT_FROM")"; then
        warn "${folder#*_}_app07 holds another card than the one beside $BUILT_FROM. $BECAUSE"
    elif ! cmp -s "$0" "/checkout/$folder/publish.sh"; then
        warn "${folder#*_}_app07 was built from another publish.sh than $folder/publish.sh. $BECAUSE"
    fi
}

BECAUSE="It was built in another checkout, with another MODEL_FILE, or before the file was changed, \
and this run uses what the image holds. For what this folder holds: docker-compose up --build"

same_card() {
    if [ -f "$1" ]; then cmp -s "$1" "$card"; else [ ! -f "$card" ]; fi
}

# What the image of codebase would be built from now; codebase compares it with what it was built from.
digest_the_code() {
    code=/checkout/container3_codebase
    [ -d "$code" ] || return 0
    sh "$code/built_from.sh" "$code/UE_07_App5.py" "$code/requirements.txt" "$code" \
        >"${signal%/*}/code.sha256" 2>/dev/null || echo unknown >"${signal%/*}/code.sha256"
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
        # codebase then says so, with its status; a data container that exits early would hide the reason.
        [ ! -d "$old" ] || { complain "$old is a directory; take it away" && continue; }
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

# A reader sees a whole file or none: written beside its place, then renamed. codebase compares what it reads with
# the sum noted here, because another stack may use the same shared_data.
put() {
    [ ! -d "$2" ] || leave_it_to_codebase "cannot write $2: it is a directory"
    new=$shared/.$(basename "$2").$$.tmp
    cp "$1" "$new" && sum=$(sha256sum <"$new" | cut -c1-64) && chown "$owner" "$new" && chmod 644 "$new" && mv -f "$new" "$2" &&
        echo "$sum  $2" >>"$signal.sha256" && return
    rm -f "$new" "$2"
    leave_it_to_codebase "cannot write $2: disk full or not allowed"
}

rm -f "$READY" "$READY.seen"
shipped=$1
shift 2
begin
remove_outdated "$@"
open_the_volume_to_codebase
owner=$(stat -c %u:%g "$shared")
if choose "$shipped"; then
    # The card first: whoever sees the file sees its card.
    [ ! -f "$card" ] || put "$card" "${target%.*}.card.json"
    put "$source" "$target"
    digest_the_code
    compare_with_the_checkout
    say "$label -> $target ($(stat -c %s "$target") bytes, sha256 $(echo "$sum" | cut -c1-16))"
fi
wait_for_the_end
