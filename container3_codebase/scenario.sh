#!/bin/sh
# Run a scenario of training: that of the first argument, otherwise of SCENARIO, otherwise `create`.
#
#   docker run --rm codebase_app07:training [create|refine|evaluate|tune|apply] [options]
#
# `apply` is what the image codebase_app07 does: it predicts. Anything else is run as a command.
#
# In compose:
#   SIGNALS          the named pipes of the data containers, which end when this one has ended
#   SELECTED_CONFIG  a TOML file on the host, mounted at /selected/config; empty without one
set -eu

# `up` waits for the data containers; `restart` and `start` do not. The pipes stay open until this process ends.
join_the_data_containers() {
    tries=0
    for signal in $SIGNALS; do
        until [ -e "$signal.ready" ] || [ -e "$signal.failed" ] || [ $tries -ge 150 ]; do
            tries=$((tries + 1))
            sleep 0.2
        done
        [ -e "$signal.ready" ] || echo "WARNING: ${signal##*/} failed or is missing, or its image is from another" \
            "version of this project (up --build); its file may be from an earlier run" >&2
        [ ! -p "$signal" ] || { eval "exec $number<>\"\$signal\""; echo started >"$signal"; }
        number=$((number + 1))
    done
}

# Compare this image with the checkout, where compose mounts it.
compare_with_the_checkout() {
    code=/checkout/container3_codebase
    [ -r "$code/built_from.sh" ] || return 0
    now=$(sh "$code/built_from.sh" "$code/UE_07_App5.py" "$code/requirements.txt" "$code" training \
        2>/dev/null) || return 0
    [ "$now" = "$(cat /codeBase/built_from.sha256)" ] ||
        echo "WARNING: codebase_app07:training was built from other code than container3_codebase: in another" \
            "checkout, or before the code was changed. For what this folder holds: up --build" >&2
}

number=8
[ -z "${SIGNALS:-}" ] || join_the_data_containers
compare_with_the_checkout
if [ -n "${SELECTED_CONFIG:-}" ]; then export TRAIN_CONFIG=/selected/config; fi

# matplotlib needs a writable folder for its list of fonts; without the list, it takes seconds to make one.
if [ -w /tmp ] && [ ! -e /tmp/matplotlib ]; then cp -r /opt/matplotlib /tmp/matplotlib; fi

case ${1-} in
create | refine | evaluate | tune | apply) SCENARIO=$1 && shift ;;
'' | -*) SCENARIO=${SCENARIO-create} ;;
*) exec "$@" ;;
esac
case $SCENARIO in
create | refine | evaluate | tune) exec python -m training "$SCENARIO" "$@" ;;
apply) exec python /codeBase/UE_07_App5.py "$@" ;;
esac
echo "SCENARIO is '$SCENARIO': expected create, refine, evaluate, tune or apply" >&2
exit 2
