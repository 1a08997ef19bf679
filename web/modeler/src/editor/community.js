// The community's translation of bpmn-js; its package names folders the browser's loaders only know with a bundler.
export { default as bpmnJs } from "bpmn-js-i18n-zh/lib/bpmn-js/index.js";
