#!/usr/bin/env bash
# Records the programs of recordings/README.md again: `recordings/record.sh [NAME...]`, all of them by default.
# Needs valgrind 3.19 or later and the programs. Takes about one minute.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
programs=$here/programs
bun=$here/../node_modules/.bin/bun
work=$(mktemp -d)
export GIT_CONFIG_GLOBAL=/dev/null
trap 'rm -rf "$work"' EXIT
cd "$work"

# One process, with its threads; nothing of the C library's own cleaning up at the end. The environment is part of
# what a program allocates, so it is the same everywhere.
record() {
  local name=$1
  shift
  env -i PATH=/usr/bin:/bin HOME="$work" LC_ALL=C PYTHONMALLOC=malloc PYTHONHASHSEED=0 PERL_HASH_SEED=0 \
    valgrind --trace-malloc=yes --trace-sched=yes --fair-sched=yes --child-silent-after-fork=yes \
    --run-libc-freeres=no --run-cxx-freeres=no --log-file=log "$@" >output 2>&1
  "$bun" "$here/../stress/recordings/from-valgrind.ts" log "$here/$name.husky.gz"
}

cc1() {
  awk -f "$programs/compile.awk" >program.c
  record cc1 "$(gcc -print-prog-name=cc1)" -quiet -O2 program.c -o program.s
}

# 50 versions of 40 files, so that the packer has something to compare.
git-pack-objects() {
  git init -q repository
  cd repository
  for version in {10..59}; do
    awk -v v="$version" 'BEGIN { srand(v); for (f = 0; f < 40; f++) if (v == 10 || rand() < 0.3)
      for (l = 0; l < 120; l++) print "line", l, (l * f) % 17 == v % 17 ? "version " v : "text " l * f >("file" f ".txt") }'
    git add .
    GIT_AUTHOR_DATE="2020-01-01T00:00:$version" GIT_COMMITTER_DATE="2020-01-01T00:00:$version" \
      git -c user.name=nobody -c user.email=nobody@example.com commit -q -m "version $version"
  done
  git rev-list --objects --all >../objects
  record git-pack-objects git pack-objects --threads=3 --window=20 ../pack <../objects
  cd ..
}

python-objects() { record python-objects /usr/bin/python3 "$programs/objects.py"; }
python-pipeline() { record python-pipeline /usr/bin/python3 "$programs/pipeline.py"; }
python-buffers() { record python-buffers /usr/bin/python3 "$programs/buffers.py"; }
perl-words() { record perl-words perl "$programs/words.pl"; }
sqlite3-orders() { record sqlite3-orders sqlite3 :memory: ".read $programs/orders.sql"; }
cmake-report() { record cmake-report cmake -P "$programs/report.cmake"; }

for name in "${@:-cc1 cmake-report git-pack-objects perl-words python-buffers python-objects python-pipeline sqlite3-orders}"; do
  # The default is one word of many names, split here.
  for one in $name; do "$one"; done
done
"$bun" "$here/../stress/recordings/describe.ts" "$here"/*.husky.gz
