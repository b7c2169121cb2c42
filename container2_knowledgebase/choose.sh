#!/bin/sh
# Run while the image is built: puts the network that MODEL_FILE names, and its card, where the image has them.
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

# Readable to every user, whatever the rights in the folder it was built from.
cp publish.sh /publish
chmod 755 /publish
chmod 644 /knowledgeBase/*
