/*
 * The words of a span table, and the sizes of a configuration: SPANS spans of one unit and of one class, BLOCKS blocks
 * each. Span and block 0 do not exist and mean "none". What begins with "ghost" is known to the model only.
 */

/* States of blocks: who reads treats "free" and "never handed out" alike, so they are one here. */
#define FREE    0
#define IN_USE  1
#define READY   2
#define REMOTE  3
#define STATE(b)  (state[b] & 3)
#define FORMER(b) (state[b] >> 2)
#define BY_FORMER(f) (4 * (f))
#define BLOCK(s, i) (((s) - 1) * BLOCKS + (i))
#define SPAN_OF(b)  (((b) - 1) / BLOCKS + 1)
byte state[SPANS * BLOCKS + 1];

/* The page map: 0 = a unit that no span has; else the owner's slot, 0 = nobody. */
#define ENTRY(o)   (8 + (o))
#define IS_SPAN(s) (map[s] & 8)
#define OWNER(s)   (map[s] & 7)
byte map[SPANS + 1];

/* Records. Formers: which slot each number stands for. */
#define FORMERS 2
#define FORMER_OWNER(s, f) former[(s) * (FORMERS + 1) + (f)]
byte free[SPANS + 1];
bit remote[SPANS + 1];
byte pendingNext[SPANS + 1];
byte lastOwner[SPANS + 1];
byte former[(SPANS + 1) * (FORMERS + 1)];

/* The segment: units that no span has. */
bit isFreeUnit[SPANS + 1];

/* A slot's magazine (place 1 is the oldest), and its list of spans in which others have freed. The auditor has one too. */
#define AUDITOR (THREADS + 1)
#define MAGAZINE(w, n) magazine[(w) * (ROOM + 1) + (n)]
byte magazine[(AUDITOR + 1) * (ROOM + 1)];
byte count[AUDITOR + 1];
byte pending[AUDITOR + 1];

/* 0, or the slot of the owner. */
byte lock;
/* Workers that do not exist any more, one bit each; those of them that somebody has recovered after, or that left. */
byte gone;
byte retired;
#define BIT(n)  (1 << (n))
#define GONE(w) ((gone >> (w)) & 1)

/* Slot of whoever allocated a block in use. */
#define ALLOCATOR(b) (FORMER(b) != 0 -> FORMER_OWNER(SPAN_OF(b), FORMER(b)) : \
  (OWNER(SPAN_OF(b)) != 0 -> OWNER(SPAN_OF(b)) : lastOwner[SPAN_OF(b)]))

/* ghost: blocks that a program has; whose pointers are at hand for any Worker to free; how many Workers free each; */
byte held;
byte pool;
#ifdef DOUBLE
byte freers[SPANS * BLOCKS + 1];
#endif
/* who allocated each; Workers that make no more requests; blocks that were reclaimed, so that a free may come too late. */
byte allocator[SPANS * BLOCKS + 1];
byte resting;
bit reclaimed;
#define IN_POOL(b) ((pool >> (b)) & 1)

/* ghost: the program has the block from here on; does not have it any more. */
inline hold(got) {
  assert((held & BIT(got)) == 0);
  held = held | BIT(got);
  allocator[got] = me
}
#define RELEASE(b) held = held & ~BIT(b); pool = pool & ~BIT(b)
/* A block that becomes free is nobody's. */
#define MAKE_FREE(b) assert((held & BIT(b)) == 0); state[b] = FREE

/*
 * Before anybody runs. FULL: Worker 1 has all spans, and all blocks are in use; HALF: the first of each span is.
 * ORPHAN: as HALF, but Worker 1 died long ago. ADOPTED: as FULL, but Worker 1 died, and Worker 2 has adopted the spans.
 */
#if defined(FULL) || defined(ADOPTED)
#define USED BLOCKS
#elif defined(HALF) || defined(ORPHAN)
#define USED 1
#endif
#if defined(ORPHAN)
#define FIRST_OWNER 0
#elif defined(ADOPTED)
#define FIRST_OWNER 2
#else
#define FIRST_OWNER 1
#endif
inline begin() {
  d_step {
    s = 1;
    do
    :: s <= SPANS ->
#ifdef USED
       map[s] = ENTRY(FIRST_OWNER);
       free[s] = BLOCKS - USED;
       i = 1;
       do :: i <= USED -> beginInUse(BLOCK(s, i)); i++ :: else -> break od;
       i = 0;
#ifdef ORPHAN
       lastOwner[s] = 1;
#endif
#ifdef ADOPTED
       FORMER_OWNER(s, 1) = 1;
#endif
#else
       isFreeUnit[s] = 1;
#endif
       s++
    :: else -> break
    od;
#if defined(ORPHAN) || defined(ADOPTED)
    gone = BIT(1);
    retired = BIT(1);
#endif
    s = 0
  }
}
inline beginInUse(b) {
#ifdef ADOPTED
  state[b] = IN_USE | BY_FORMER(1);
#else
  state[b] = IN_USE;
#endif
  allocator[b] = 1;
  held = held | BIT(b);
  pool = pool | BIT(b)
}
