// An element with a class and a text, where it has such.
export function make(tag, className, text) {
  const own = document.createElement(tag);
  if (className) own.className = className;
  if (text !== undefined) own.textContent = text;
  return own;
}
