// <button data-dialog="id"> opens the <dialog id="id">; <button data-close> inside it, or a click beside it, closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog)?.showModal();
  }
  if (event.target.closest?.("[data-close]") || event.target.nodeName === "DIALOG") {
    event.target.closest("dialog")?.close();
  }
});
