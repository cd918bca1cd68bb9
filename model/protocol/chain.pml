/* src/block/space.ts: borders of blocks. Each line that is a step is a store that another Worker's rebuild may see. */

#define HEADER(b, cells) \
  size[b] = cells; word1[b] = FREE; printf("Worker %d writes the header of block %d\n", me, b)
#define SHRINK(b, cells) \
  size[b] = cells; printf("Worker %d shrinks block %d\n", me, b)

/* `rest` becomes the block behind the first `granules` cells of `b`, or 0. */
inline split(long, cells) {
  if
  :: size[long] > cells ->
#ifdef SHRINK_FIRST
     d_step { rest = long + cells; restSize = size[long] - cells; SHRINK(long, cells) }
     d_step { HEADER(rest, restSize); restSize = 0 }
#else
     d_step { rest = long + cells; HEADER(rest, size[long] - cells) }
     d_step { SHRINK(long, cells) }
#endif
  :: else -> rest = 0
  fi
}

/* The block behind ceases to exist with one store; what is left of its header is wiped to have fewer states. */
inline absorb(first, second) {
  d_step { size[first] = size[first] + size[second]; size[second] = 0; word1[second] = FREE }
}

inline carve(fresh, cells) {
  d_step { fresh = top; HEADER(fresh, cells) }
  top = top + cells
}

/* The chain tiles: adding up word 0 from the first cell ends at `top`. */
inline assertTiled() {
  d_step {
    i = 1;
    do
    :: i < top -> assert(size[i] != 0); i = i + size[i]
    :: else -> break
    od;
    assert(i == top);
    i = 0
  }
}
