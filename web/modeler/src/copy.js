// <button data-copy="text"> copies it and says so for two seconds.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button || button.dataset.copied) return;
  const label = button.textContent;
  button.dataset.copied = "yes";
  button.textContent = (await copy(button.dataset.copy)) ? "已复制" : "请手工复制";
  setTimeout(() => {
    button.textContent = label;
    delete button.dataset.copied;
  }, 2000);
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text); // not there on plain http in an intranet
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
