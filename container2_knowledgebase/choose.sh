#!/bin/sh
# Run while the image is built: copies the network that MODEL_FILE names, and its card, to their place in the image.
set -eu

model=$1

if [ ! -f "$model" ]; then
    echo "ERROR: container2_knowledgebase/ has no MODEL_FILE=$model; there are:" >&2
    for file in *; do
        case $file in *.card.json | *.sh | *.md) continue ;; esac
        [ ! -f "$file" ] || echo "  $file" >&2
    done
    exit 66
fi

mkdir /knowledgeBase
cp "$model" /knowledgeBase/currentSolution.pkl
bare=${model%.gz}
bare=${bare%.bz2}
card=${bare%.*}.card.json
[ ! -f "$card" ] || cp "$card" /knowledgeBase/currentSolution.card.json

# Readable by every user, whatever the permissions in the build context.
cp publish.sh /publish
chmod 755 /publish
chmod 644 /knowledgeBase/*
