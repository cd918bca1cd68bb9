/** The head of `bun run stress --help`. The options themselves follow it. */
export const manPage = `stress - runs an allocator on real Workers and checks every byte it hands out

What is exercised
  churn               malloc, calloc, realloc, alignedAlloc, free of 0 bytes to 4 MiB in random order;
                      a third of the turns swap a block with another Worker
  larson              random replacement of 5000 blocks of 8 to 999 bytes a Worker; Workers end
                      after 2,000,000 replacements and leave their live blocks to new Workers
  producer-consumer   one half of the Workers only allocates, the other half only frees
  replay              recordings of real programs, each recorded thread on a Worker

Not in the bare command, one by one
  canary              plants faults and shows that each is detected
  classics            programs of the literature (docs/stress.md has a table of them): larson-cheap,
                      xmalloc-test, cache-scratch, cache-thrash, mstress, mstress-cheap, rptest,
                      alloc-test, glibc-simple, glibc-thread, malloc-large, mleak, mleak-cheap,
                      sh6bench, sh8bench, collatz-list, collatz-ivec, frag, frag-tight;
                      bun run bench:workloads measures them

What is checked
  Each payload is filled with a pattern that is compared before free, on realloc (the bytes kept)
  and when a block changes hands; memory of calloc must be zero; alignment and usable size are
  checked. A map outside the heap, shared by all Workers, finds overlap and double hand-out at
  once. At the end no block may be live, the heap's own check must pass, and memory must be back.
  A Worker that does not move for 10 seconds ends the run with a report.

How long
  --seconds 30        (the default) before every commit
  --seconds 300       before a merge; with --workers 4 also on a machine with fewer cores
  --seconds 3600      before a release
  --seconds 28800     overnight
  --workers 1         to see whether a fault needs several Workers
  --allocator libc    to see what the runtime and the workloads do without Husky; also mimalloc,
                      jemalloc, tcmalloc, where their shared libraries are installed

The seed is printed first. After a fault the last line is the command that repeats the run; which
Worker comes first may still differ. Exit codes: 0 passed, 1 fault found, 2 wrong usage.
`;
