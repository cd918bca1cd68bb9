import { describe, expect, test } from "bun:test";
import { describeErrno, errnoOf, LINUX_ERRNO, MACOS_ERRNO } from "../../native/errno.ts";

describe("errno", () => {
  test("a number is described by name and text, whatever its sign", () => {
    expect(describeErrno(LINUX_ERRNO, 12)).toBe("ENOMEM (Cannot allocate memory)");
    expect(describeErrno(LINUX_ERRNO, -12)).toBe("ENOMEM (Cannot allocate memory)");
    expect(describeErrno(LINUX_ERRNO, -17)).toBe("EEXIST (File exists)");
  });

  test("the same number means different things on different systems", () => {
    expect(describeErrno(LINUX_ERRNO, 11)).toStartWith("EAGAIN ");
    expect(describeErrno(MACOS_ERRNO, 11)).toStartWith("EDEADLK ");
    expect(errnoOf(LINUX_ERRNO, "ENOSYS")).toBe(38);
    expect(errnoOf(MACOS_ERRNO, "ENOSYS")).toBe(78);
  });

  test("a number that is not in the table is still reported", () => {
    expect(describeErrno(LINUX_ERRNO, -999)).toBe("errno 999");
  });

  test("a name that is not in the table is a mistake", () => {
    expect(() => errnoOf(LINUX_ERRNO, "EHUSKY")).toThrow("`EHUSKY`");
  });
});
