import { describe, expect, test } from "bun:test";
import { openLibrary } from "../../native/libc.ts";
import { systemFor } from "../../native/system.ts";

describe("system", () => {
  test("unsupported-platform: the error names it and those that are supported", () => {
    const message = "Supported are Linux (glibc and musl) and macOS, on x64 and arm64.";
    expect(() => systemFor("win32", "x64")).toThrow(`Husky does not run on win32 x64. ${message}`);
    expect(() => systemFor("linux", "riscv64")).toThrow(`Husky does not run on linux riscv64. ${message}`);
  });

  test("Linux looks for glibc, then for musl, on both processors", () => {
    expect(systemFor("linux", "x64").libraries).toContain("libc.musl-x86_64.so.1");
    expect(systemFor("linux", "arm64").libraries).toContain("libc.musl-aarch64.so.1");
    expect(systemFor("linux", "arm64").libraries[0]).toBe("libc.so.6");
  });

  test("macOS has one table for both processors", () => {
    expect(systemFor("darwin", "x64")).toBe(systemFor("darwin", "arm64"));
  });

  test("no-such-library: the error lists every name that was tried", () => {
    const open = () => openLibrary(["husky-one.so", "husky-two.so"], { f: { args: [], returns: "i32" } });
    expect(open).toThrow("husky-one.so");
    expect(open).toThrow("husky-two.so");
  });
});
