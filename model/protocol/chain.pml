/* src/block/space.ts: borders of blocks. Each line that is a step is a store that another Worker's rebuild may see. */

#define HEADER(b, cells) \
  size[b] = cells; word1[b] = FREE; printf("Worker %d writes the header of block %d\n", me, b)
#define SHRINK(b, cells) \
  size[b] = cells; printf("Worker %d shrinks block %d\n", me, b)

/* `rest` becomes the block behind the first `granules` cells of `b`, or 0. */
inline split(long, cells) {
  if
  :: size[long] > cells ->
     d_step { rest = long + cells; HEADER(rest, size[long] - cells) }
     d_step { SHRINK(long, cells) }
  :: else -> rest = 0
  fi
}

/*
 * Makes one or two cached blocks out of `whole`, linked, and the block `rest` out of what is left, or 0. The headers
 * behind are written first; the store of the first block's size makes all of them exist.
 */
inline divide(whole, cells) {
  restSize = size[whole];
#ifdef SHRINK_FIRST
  divideFirst(whole, cells);
#endif
  d_step {
    next = whole + cells;
    if
    :: restSize >= 2 * cells -> HEADER(next, cells); word1[next] = CACHED(slot); next = next + cells
    :: else
    fi;
    rest = 0;
    if
    :: whole + restSize > next -> rest = next; HEADER(rest, whole + restSize - next)
    :: else
    fi;
    next = 0
  }
#ifndef SHRINK_FIRST
  divideFirst(whole, cells);
#endif
  restSize = 0
}

inline divideFirst(whole, cells) {
  d_step {
    word1[whole] = CACHED(slot);
    if :: restSize >= 2 * cells -> link[whole] = whole + cells :: else fi;
    SHRINK(whole, cells)
  }
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
