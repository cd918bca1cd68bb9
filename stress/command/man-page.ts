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

Trouble, instead of an ordinary run
  --chaos terminate   Workers are killed by terminate() at random instants, --kills times over all
                      workloads (20 a second of --seconds unless told); survivors and newcomers go
                      on with the heap and with what the dead had. All rest after each hundred
                      deaths: check() must pass, every block must be in use that the table knows,
                      and no other but those in flight at a death. Nobody may wait longer than 1 s;
                      resident memory must be flat, compared with Workers dying without Husky.
  --chaos death-point a Worker stops at a numbered point of the source for ever and is killed there, with
                      1, 2 and 4 others that go on; a sample of all points that takes --seconds
  --chaos refuse      each system call that a short form of each workload makes is refused in turn,
                      once and from then on, with one Worker and with two; then the real system
                      refuses, by RLIMIT_AS in a process of its own. Typed errors only, nothing
                      lost, full service afterwards. Takes as long as it takes, about a minute.
  --chaos pause       a Worker stops for --pause-seconds while it holds the lock, for --seconds in
                      all; the others wait and go on, and nobody takes over from a living one

What is checked
  Each payload is filled with a pattern that is compared before free, on realloc (the bytes kept)
  and when a block changes hands; memory of calloc must be zero; alignment and usable size are
  checked. A map outside the heap, shared by all Workers, finds overlap and double hand-out at
  once. At the end no block may be live, the heap's own check must pass, and memory must be back:
  of the heap all but 1 MiB, of the process all but what Workers leave in it that ran before without
  the heap, for a tenth of --seconds.
  A Worker that does not move for 10 seconds ends the run with a report.

How long
  --seconds 30        (the default) before every commit
  --seconds 300       before a merge; with --workers 4 also on a machine with fewer cores
  --seconds 3600      before a release
  --seconds 28800     overnight
  --chaos terminate   with --kills 200 before a commit that touches lock, caches or recovery;
                      --kills 20000 before a release, about 15 minutes on two cores
  --chaos refuse      before a commit that touches growth, large blocks or errors
  --chaos pause       the same; --seconds 60 before a release
  --workers 1         to see whether a fault needs several Workers
  --allocator libc    to see what the runtime and the workloads do without Husky; also mimalloc,
                      jemalloc, tcmalloc, where their shared libraries are installed

The seed is printed first. After a fault the last line is the command that repeats the run; which
Worker comes first may still differ. Exit codes: 0 passed, 1 fault found, 2 wrong usage.
`;
