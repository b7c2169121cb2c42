#!/bin/sh
# Copy one file to the shared volume, report that it is complete, and run until codebase has ended.
#
#   publish SOURCE TARGET [OUTDATED...]
#   publish --healthy                      health check: is the copy of this run complete?
#
# SOURCE is the file in the image. Compose may provide another file instead:
#   SELECTED_PATH  a file on the host, mounted at /selected/file, its folder at /selected/folder (*_PATH)
#   SELECTED_NAME  a file in the folder mounted at /models (MODEL_NAME); with SELECTED_PATH only a label
# OUTDATED are files that an earlier run may have left on the volume; they are removed. Those of this run are given to
# the owner of the volume when this container ends: the person who ran it can then save over them.
#
#   SIGNAL         a named pipe on the volume `signals`, by which the end of codebase is detected
#   CODEBASE_WAIT  seconds to wait for codebase to start, once all data containers are ready (default 300)
#   BUILT_FROM     the file of the checkout that SOURCE was built from, under /checkout, to compare it with
#   BUILT_BY       the build argument that chooses that file (default MODEL_FILE), for a warning
#   RESULTS        a folder below /output for the results of codebase; it is created, and opened to codebase. What
#                  codebase has written there is given to the owner of /output when this container ends.
#   UNTIL_STOPPED  set where servers read the file: it is replaced, never missing, and this container runs until it is
#                  stopped
#
# Why it keeps running: `up --abort-on-container-exit` stops the stack when the first container exits, whatever its
# status. Only codebase may exit first.
# Why it then ends by itself: a plain `up` returns when every container has ended, and `up -d` leaves none running.
# Why it reports ready even without a file: codebase then finds no input, reports that, and ends the run with status 66
# (or 73, if nothing can be written) under every version of Compose. If a data container exits early, Compose ends with
# status 1, shows no reason (1.29.2), and leaves the other one running.
#
# container1_activationbase/, container2_knowledgebase/ and container4_learningbase/ have the same copy of this file,
# because each image is built from its own folder only; a test in tests/pipeline checks that they are equal.
set -eu

READY=/run/published

# Docker checks every 250 ms, so that a run starts without delay, and each check starts a process. Only the first
# success matters, so later checks wait.
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

# Mark this container as copying, so that the others keep waiting for codebase.
begin() {
    mkdir -p "${signal%/*}"
    trap 'on_exit $?' EXIT
    rm -f "$signal.ready" "$signal.failed" "$signal.sha256"
    : >"$signal.busy"
    : >"$notice"
    [ -p "$signal" ] && [ ! -L "$signal" ] && return
    rm -rf "$signal"
    mkfifo "$signal"
    chmod 666 "$signal"
}

on_exit() {
    rm -f "$signal.busy" "$signal.ready"
    take_the_results
    [ "$1" = 0 ] || : >"$signal.failed"
}

# codebase writes a line to the pipe when it starts, and keeps the pipe open until it ends. The kernel closes the pipe
# however codebase ends, even when it is killed, and a reader then gets the end of the file.
mark_ready_and_wait() {
    # PID 1 gets no default signal handlers: without the trap, stopping would take ten seconds.
    trap 'exit 0' TERM INT
    # Opened for reading and writing, which never blocks; from now on no line of codebase is lost.
    exec 8<>"$signal"
    wait_for_codebase_to_end &
    exec 8>&-
    rm -f "$signal.busy"
    # The first file is for codebase, which `restart` and `start` do not delay; the second is for the health check.
    touch "$signal.ready" "$READY"
    wait $! || exit $?
    exit 0
}

wait_for_codebase_to_end() {
    while [ -n "${UNTIL_STOPPED:-}" ]; do sleep 3600; done
    wait_for_codebase || return 75
    while :; do
        # With the pipe open for reading only, `cat` ends when the last codebase has ended.
        exec 7<"$signal" 8>&-
        cat <&7 >/dev/null
        # Compose must notice the end of codebase before the end of this container. Another codebase may start meanwhile:
        # on a busy machine its start takes longer, as the start of the first one did.
        exec 8<>"$signal"
        read -r -t $((6 + latency)) line <&8 || return 0
    done
}

# Time counts only while every data container is ready: copying a large file may take long.
wait_for_codebase() {
    case ${CODEBASE_WAIT:-} in '' | *[!0-9]*) limit=300 ;; *) limit=$CODEBASE_WAIT ;; esac
    waited=0 busy=0 ready_since=$(date +%s)
    until read -r -t 1 line <&8; do
        if [ $busy -lt 3600 ] && [ -n "$(ls "${signal%/*}"/*.busy 2>/dev/null)" ]; then
            busy=$((busy + 1))
            continue
        fi
        # If another data container has failed, Compose does not start codebase, or has already done so.
        [ $waited -lt 10 ] || [ -z "$(ls "${signal%/*}"/*.failed 2>/dev/null)" ] || limit=$waited
        waited=$((waited + 1))
        [ $waited -lt "$limit" ] && continue
        complain "codebase did not start within $limit s (CODEBASE_WAIT); this container ends"
        return 1
    done
    latency=$(($(date +%s) - ready_since - busy))
    [ $latency -ge 0 ] && [ $latency -le 20 ] || latency=0
}

# Print a warning, and pass it to codebase, which repeats it at its end and adds it to prediction.json.
warn() {
    complain_as WARNING "$*"
    echo "$*" >>"$notice"
}

digest_of() { sha256sum "$1" 2>/dev/null | cut -c1-16; }

# Warn if the image was built in another checkout, with another MODEL_FILE, or before the file was changed.
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

BECAUSE="It was built in another checkout, with another ${BUILT_BY:-MODEL_FILE}, or before the file was changed, \
and this run uses what the image holds. For what this folder holds: docker-compose up --build"

same_card() {
    if [ -f "$1" ]; then cmp -s "$1" "$card"; else [ ! -f "$card" ]; fi
}

# Compute the digest that the image of codebase would have if it were built now; codebase compares it with its own.
digest_the_code() {
    code=/checkout/container3_codebase
    [ -d "$code" ] || return 0
    sh "$code/built_from.sh" "$code/UE_07_App5.py" "$code/requirements.txt" "$code" \
        >"${signal%/*}/code.sha256" 2>/dev/null || echo unknown >"${signal%/*}/code.sha256"
}

# The folder belongs to the user who cloned the project, who stays its owner. Its group becomes that of codebase, so
# that a process without root can write there, and the owner of the folder can remove every file.
open_the_volume_to_codebase() {
    share "$shared" g+rwx && return
    say "note: the group of shared_data cannot be changed here; codebase writes with what it has"
}

# Compose mounts /output, because it cannot mount a folder below that does not exist. With a clone that gives no access
# to others, codebase needs access to the folders above as well. Without these permissions, codebase reports what it cannot do.
open_the_results_to_codebase() {
    [ -n "${RESULTS:-}" ] || return 0
    results=/output
    owner_of_results=$(stat -c %u:%g /output)
    for part in $(echo "$RESULTS" | tr / ' ') ''; do
        case $(stat -c %A "$results") in *x | *t) ;; *) share "$results" g+rx ;; esac
        [ -n "$part" ] || break
        results=$results/$part
        [ -d "$results" ] || { mkdir "$results" && chown "$owner_of_results" "$results"; } 2>/dev/null || return 0
    done
    find "$results" -xdev -type f -exec chgrp "$CODEBASE_GROUP" {} + -exec chmod g+rw {} + 2>/dev/null
    find "$results" -xdev -type d -exec chgrp "$CODEBASE_GROUP" {} + -exec chmod g+rwx {} + 2>/dev/null || return 0
}

share() { chgrp "$CODEBASE_GROUP" "$1" 2>/dev/null && chmod "$2" "$1" 2>/dev/null; }

take_the_results() {
    # Without an owner, this container has failed before it published anything.
    for path in ${owner:+$outputs}; do
        find "$path" -maxdepth 0 -type f -user "$CODEBASE_GROUP" -exec chown -h "$owner" {} + 2>/dev/null || :
    done
    [ -n "${owner_of_results:-}" ] || return 0
    find "$results" -xdev -user "$CODEBASE_GROUP" -exec chown -h "$owner_of_results" {} + 2>/dev/null || return 0
}

remove_outdated() {
    for old in "$target" "${target%.*}.card.json" "$@"; do
        rm -f "$old" "$shared/.$(basename "$old")".*.tmp && continue
        # codebase then reports it with its exit status; a data container that exits early would hide the reason.
        [ ! -d "$old" ] || { complain "$old is a directory; take it away" && continue; }
        # If nothing can be written, codebase cannot write a prediction either, and reports that.
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
    mark_ready_and_wait
}

names_in() {
    for path in "$1"/*; do
        case $path in *.card.json | *.md) continue ;; esac
        [ ! -f "$path" ] || printf '%s ' "${path##*/}"
    done | cut -c1-500
}

# The card of NAME.pkl, NAME.pkl.gz or NAME.pkl.bz2 is NAME.card.json.
card_of() {
    bare=${1%.gz}
    bare=${bare%.bz2}
    echo "${bare%.*}.card.json"
}

# Set source and card, or print an error and return 1.
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

# Write atomically: to a temporary file beside the target, then rename. codebase compares what it reads with the hash
# recorded here, because another stack may use the same shared_data.
put() {
    [ ! -d "$2" ] || leave_it_to_codebase "cannot write $2: it is a directory"
    new=$shared/.$(basename "$2").$$.tmp
    cp "$1" "$new" && sum=$(sha256sum <"$new" | cut -c1-64) && chown "$owner" "$new" && chmod 644 "$new" && mv -f "$new" "$2" &&
        echo "$sum  $2" >>"$signal.sha256" && return
    rm -f "$new" "$2"
    leave_it_to_codebase "cannot write $2: disk full or not allowed"
}

# The same where servers read the files. One command renames both: a server that reads meanwhile notices that one of the
# two has changed, and reads them again.
replace_both() {
    new=$shared/.new
    name=${target##*/}
    rm -rf "$new"
    mkdir "$new" && cp "$source" "$new/$name" && { [ ! -f "$card" ] || cp "$card" "$new/${name%.*}.card.json"; } &&
        sum=$(sha256sum <"$new/$name" | cut -c1-64) && chown "$owner" "$new"/* && chmod 644 "$new"/* || {
        rm -rf "$new"
        leave_it_to_codebase "cannot write $target: disk full or not allowed"
    }
    [ -f "$card" ] || rm -f "${target%.*}.card.json"
    is_unchanged || mv -f "$new"/* "$shared"
    rm -rf "$new"
}

is_unchanged() {
    for path in "$new"/*; do cmp -s "$path" "$shared/${path##*/}" || return 1; done
}

rm -f "$READY" "$READY.seen"
shipped=$1
shift 2
outputs=$*
begin
[ -n "${UNTIL_STOPPED:-}" ] || remove_outdated "$@"
open_the_volume_to_codebase
open_the_results_to_codebase
owner=$(stat -c %u:%g "$shared")
if choose "$shipped"; then
    if [ -n "${UNTIL_STOPPED:-}" ]; then
        replace_both
    else
        # The card first, so that a reader who finds the file also finds its card.
        [ ! -f "$card" ] || put "$card" "${target%.*}.card.json"
        put "$source" "$target"
    fi
    digest_the_code
    compare_with_the_checkout
    say "$label -> $target ($(stat -c %s "$target") bytes, sha256 $(echo "$sum" | cut -c1-16))"
fi
mark_ready_and_wait
