// htmx reads its settings from the page while it loads; imports run in order, so this comes first.
// No settling: it would copy style attributes, which the policy of our pages blocks.
// No style of its own (ours is in theme.css), own addresses only, no attribute inherited by surprise.
const settings = { includeIndicatorCSS: false, mode: "same-origin", implicitInheritance: false, defaultSettleDelay: 0 };

if (!document.querySelector('meta[name="htmx-config"]')) {
  const meta = document.createElement("meta");
  meta.name = "htmx-config";
  meta.content = JSON.stringify(settings);
  document.head.append(meta);
}
