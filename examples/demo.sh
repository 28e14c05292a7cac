#!/bin/sh
# From nothing to pictures: what `make demo` runs. The first argument is the training time in minutes.
set -eu
minutes=$1
# A source of every class that falls into the test split: the model never hears them in training.
sources="beach-0009 city-0046 classroom-0083 football-match-0021 forest-0013 grocery-store-0077
jungle-0042 restaurant-0043 river-0026"
clips=""
for source in $sources; do clips="$clips data/scenes/audio/$source.wav"; done

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1/5  rendering the built-in world (a minute or two)"
a2i fetch scenes
say "2/5  training for $minutes minutes"
result=$(a2i train --data data/scenes --minutes "$minutes" --json)
run=$(printf '%s' "$result" | python -c 'import json, sys; print(json.load(sys.stdin)["run"])')
say "3/5  judging the pictures (about a minute)"
a2i evaluate --run "$run" --items 600
say "4/5  drawing recordings that it has never heard"
# shellcheck disable=SC2086  # a list of names without spaces
a2i generate $clips --model "$run" --seeds 0-3 --grid --out out/demo
say "5/5  exporting (about a minute)"
a2i export --run "$run"
say "done"
echo "pictures    out/demo/grid.png (a row a clip, a column a seed)"
echo "comparison  $run/comparison.png"
echo "model       $run, savedmodels/"
echo "now try     .venv/bin/a2i generate YOUR-CLIP --model $run"
