//! The style sheet of pictures, for light and dark pages.

/// The style sheet. Light and dark pages share the colours of classes, not those of text and
/// background.
pub(super) const STYLE: &str = "\
text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:#374151}\
.paper{fill:#fff}.title{font-size:16px;font-weight:600;fill:#111827}.muted{fill:#6b7280}\
.strong{font-weight:600}.halo{paint-order:stroke;stroke:#fff;stroke-width:4px}.on-colour{fill:#fff}.grid{stroke:#e5e7eb}.axis{stroke:#9ca3af;fill:none}\
.rule{stroke:#6b7280;stroke-dasharray:5 4;fill:none}.curve{fill:none;stroke-width:2;\
stroke-linejoin:round;stroke-linecap:round}.faint{stroke-width:1;stroke-opacity:.55}.thick{stroke-width:10}\
.point{stroke:#fff;stroke-width:.75}.neuron{stroke:#111827;fill:none;stroke-linecap:round}\
.boundary{stroke:#111827;stroke-width:2.25;fill:none;stroke-linejoin:round;stroke-linecap:round}\
@media (prefers-color-scheme:dark){text{fill:#d1d5db}.paper{fill:#15181e}.title{fill:#f3f4f6}\
.muted{fill:#9ca3af}.halo{stroke:#15181e}.on-colour{fill:#fff}.grid{stroke:#2b303a}.axis{stroke:#6b7280}\
.rule{stroke:#9ca3af}.point{stroke:#15181e}.neuron,.boundary{stroke:#f3f4f6}}";
