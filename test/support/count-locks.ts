/** How often a Worker's heap takes the lock during `act`. */
export function locks({ heap }: { heap: { enter(): void } }, act: () => void): number {
  const enter = heap.enter.bind(heap);
  let count = 0;
  heap.enter = () => {
    count++;
    enter();
  };
  act();
  heap.enter = enter;
  return count;
}
