/*
 * The shared words, and the sizes of a configuration. A cell stands for the smallest block (2 granules); cell 0 does
 * not exist and means "none". What begins with "ghost" is known to the model only: it decides nothing, it is asserted.
 */

#define WORD_ONE(state, slot) ((state) + 4 * (slot))
#define FREE        0
#define IN_USE(s)   WORD_ONE(1, s)
#define CACHED(s)   WORD_ONE(2, s)
#define BUSY(s)     WORD_ONE(3, s)
#define STATE(w)    ((w) & 3)
#define SLOT(w)     ((w) >> 2)

/* Headers: word 0 (0 = no block begins in this cell) and word 1, whose check is here the size that it fits; the link of a
   cached block. */
byte size[CELLS + 2];
byte word1[CELLS + 2];
byte check[CELLS + 2];
/* The block whose header is being changed, 0 = none. */
byte changing;
byte link[CELLS + 2];
/* Where the chain ends: the next cell to carve. */
byte top = 1;
/* The policy: which blocks are filed as free. */
bit filed[CELLS + 2];

/* The lock word: 0 or the token of its owner. */
byte lock;
/* Slots 1..SLOTS, for the Workers, and one more for the auditor. Owner: thread + 16 * generation. */
#define AUDITOR_SLOT (SLOTS + 1)
#define VACANT  0
#define RETIRED 15
#define THREAD(owner)     ((owner) & 15)
#define GENERATION(owner) ((owner) >> 4)
#define TOKEN(s)          (8 * GENERATION(owner[s]) + (s))
byte owner[SLOTS + 2];
/* The generation that has begun its term: nobody caches or claims a block before that. */
byte begun[SLOTS + 2];
#ifdef CLAIM_DEAD
#define IS_LOST(s) (!LIVES(s))
#else
#define IS_LOST(s) (!LIVES(s) || begun[s] != GENERATION(owner[s]))
#endif
/* Owned by the slot's Worker: list heads by class, the cells of all blocks in the lists, and the block it is freeing. Slot 0
   is nobody: its blocks in use are those of forgotten owners. */
#define NOBODY 0
#define HEAD(s, k) head[(s) * (CLASSES + 1) + (k)]
byte head[(SLOTS + 2) * (CLASSES + 1)];
byte kept[SLOTS + 2];
byte freeing[SLOTS + 2];
/* Cells of the largest block that is small. */
#define SMALL 1
/* ghost: what a count of 0 means. */
#if CLASSES > 2
#define NO_LIST(s) (HEAD(s, 1) == 0 && HEAD(s, 2) == 0 && HEAD(s, 3) == 0)
#elif CLASSES > 1
#define NO_LIST(s) (HEAD(s, 1) == 0 && HEAD(s, 2) == 0)
#elif CLASSES > 0
#define NO_LIST(s) (HEAD(s, 1) == 0)
#else
#define NO_LIST(s) true
#endif

/* Threads that do not exist any more, one bit each. A thread that is in here takes no further step. */
byte gone;
#define BIT(n)   (1 << (n))
#define GONE(t)  ((gone >> (t)) & 1)
#define LIVES(s) (THREAD(owner[s]) != VACANT && THREAD(owner[s]) != RETIRED && !GONE(THREAD(owner[s])))
#define TOKEN_LIVES(t) (TOKEN((t) & 7) == (t) && LIVES((t) & 7))

/* ghost: cells of blocks that a program has; blocks whose pointers are at hand for any Worker to free. */
byte held;
byte pool;
#define CELLS_OF(b) ((BIT(size[b]) - 1) << (b))
/* ghost: somebody reclaimed, so that a free may come too late. */
bit reclaimed;
