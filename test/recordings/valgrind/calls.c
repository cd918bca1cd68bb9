/* Every call that valgrind traces in a C program, with its odd cases. valgrind.test.ts knows what a log of it says;
   the .txt files beside this one are logs of three versions. Without optimisation, or the compiler leaves some out. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

int main(void) {
  volatile size_t huge = SIZE_MAX / 2, negative = SIZE_MAX, mapped = 300u << 20;
  void *block = malloc(10), *other;

  malloc_usable_size(block);
  malloc_usable_size(NULL); /* leaves its line open */
  malloc_usable_size(NULL);
  other = malloc(0);
  free(other);
  malloc(huge);
  malloc(negative); /* a message of memcheck's in the middle of the line */
  other = malloc(mapped); /* another */
  free(other);

  other = calloc(3, 7);
  free(other);
  calloc(huge, 16); /* leaves its line open */
  other = calloc(0, 16);
  free(other);
  calloc(huge, 1);

  block = realloc(block, 1000);
  realloc(block, huge);
  other = realloc(NULL, 33);
  realloc(other, 0); /* free, and in newer versions a message */
  other = realloc(NULL, 0);
  free(other);
  realloc(NULL, huge);

  other = reallocarray(NULL, 4, 16);
  other = reallocarray(other, 8, 16);
  reallocarray(other, huge, 16);
  reallocarray(other, huge, 1);
  reallocarray(other, 0, 16);
  reallocarray(NULL, huge, 1);

  other = memalign(64, 100);
  free(other);
  other = memalign(24, 100); /* aligned to 32 */
  free(other);
  other = memalign(0, 100);
  free(other);
  memalign(64, huge);
  other = aligned_alloc(128, 256);
  free(other);
  posix_memalign(&other, 24, 100); /* EINVAL */
  posix_memalign(&other, 64, huge);
  posix_memalign(&other, 64, 100);
  free(other);

  mallinfo();
  free(NULL);
  free(block);
  malloc_usable_size(NULL);
  return 0;
}
