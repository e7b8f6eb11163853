export { largeModel } from "./large-model.ts";
export type { Architecture, WeightType } from "./model-shape.ts";
export { tinyLora, type TinyLoraOptions } from "./tiny-lora.ts";
export { tinyModel, type TinyModelOptions } from "./tiny-model.ts";
