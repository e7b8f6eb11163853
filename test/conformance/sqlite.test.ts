import { storageConformance } from "@memcube/conformance";
import { sqliteStorage } from "@memcube/sqlite";

import { makeDirectoryPlace } from "../fault/directory-place.ts";

storageConformance("sqlite", () =>
  makeDirectoryPlace((path) => sqliteStorage({ path, durability: "process" })),
);
