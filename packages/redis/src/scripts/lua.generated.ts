// Made by scripts/embed-lua.ts from the .lua files beside it. Do not edit.

export const LUA_MODULES = {
  "numbers": {
    uses: [],
    source: String.raw`local numbers = {}
function numbers.text(value)
  return string.format('%.0f', value)
end
return numbers`,
  },
};

export const LUA_SCRIPTS = {
  "probe-server": {
    readOnly: true,
    uses: ["numbers"],
    source: String.raw`return { numbers.text(#ARGV), ARGV[1] }`,
  },
};

