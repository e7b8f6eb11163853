import { afterEach, describe, expect, test, vi } from "vitest";
import { createKernel } from "./kernel.ts";
import { columnLayout, maxRows } from "./layout.ts";

const layout = columnLayout(8, 1);

/** `WebAssembly` with some of it replaced. */
function webAssemblyWith(changed: object): object {
  const own = Object.getOwnPropertyDescriptors(WebAssembly);
  return Object.defineProperties({}, { ...own, ...Object.getOwnPropertyDescriptors(changed) });
}

/** The variant a process takes that starts with the given `WebAssembly`. */
async function variantWith(webAssembly: object | undefined): Promise<string> {
  vi.stubGlobal("WebAssembly", webAssembly);
  vi.resetModules();
  const fresh = await import("./kernel.ts");
  return fresh.createKernel(layout).variant;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe("the fastest kernel the machine supports is taken", () => {
  test("relaxed SIMD here", () => {
    expect(createKernel(layout).variant).toBe("relaxed");
  });

  test("plain SIMD without relaxed SIMD", async () => {
    let asked = 0;
    const validate = (bytes: Uint8Array<ArrayBuffer>): boolean =>
      asked++ > 0 && WebAssemblyHere.validate(bytes);
    const WebAssemblyHere = WebAssembly;
    expect(await variantWith(webAssemblyWith({ validate }))).toBe("simd");
  });

  test("JavaScript without SIMD", async () => {
    expect(await variantWith(webAssemblyWith({ validate: () => false }))).toBe("javascript");
  });

  test("JavaScript without WebAssembly", async () => {
    expect(await variantWith(undefined)).toBe("javascript");
  });

  test("JavaScript when no memory for WebAssembly is left", async () => {
    function Memory(): never {
      throw new RangeError("could not allocate memory");
    }
    expect(await variantWith(webAssemblyWith({ Memory }))).toBe("javascript");
  });
});

test.each([1, 384, 8192])("the most rows of %i dimensions fit 32-bit addresses", (dimensions) => {
  const rows = maxRows(dimensions);
  expect(columnLayout(dimensions, rows).capacity).toBe(rows);
  expect(columnLayout(dimensions, rows).sizeBytes).toBeLessThanOrEqual(2 ** 32 - 2 ** 16);
  expect(columnLayout(dimensions, rows + 64).sizeBytes).toBeGreaterThan(2 ** 32 - 2 ** 16);
});
