import type { NextConfig } from "next";

const config: NextConfig = {
  // They find their worker files beside themselves: not to be bundled.
  serverExternalPackages: [
    "memcube",
    "@memcube/ai-sdk",
    "@memcube/core",
    "@memcube/redis",
    "@memcube/sqlite",
  ],
};

export default config;
