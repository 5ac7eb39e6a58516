//! A writer of scalable vector graphics (SVG): shapes, text, escapes.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::theme::STYLE;

/// An unfinished drawing; coordinates are in pixels from the top left.
#[derive(Default)]
pub(super) struct Svg {
    body: String,
}

/// A finished drawing.
pub(crate) struct Picture {
    /// The name of its file, without the extension.
    pub(crate) name: Cow<'static, str>,
    /// The accessible name of the picture.
    pub(crate) title: String,
    size: [f64; 2],
    body: String,
}

/// Which end of a text its position fixes.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Picture {
    /// The SVG file, with its style sheet.
    pub(crate) fn file(&self) -> String {
        self.svg(&format!("<style>{STYLE}</style>"))
    }

    /// The same picture of one target among several, which has this number, from 1.
    #[must_use]
    pub(crate) fn of_target(self, number: usize, target: &str) -> Self {
        let name = format!("{}-{number}", self.name).into();
        Self { name, title: format!("{} of {target}", self.title), ..self }
    }

    /// The `svg` element for an HTML page that contains the style sheet.
    pub(crate) fn part(&self) -> String {
        self.svg("")
    }

    fn svg(&self, style: &str) -> String {
        let Self { size: [width, height], body, title, .. } = self;
        let title = escaped(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">{style}\n\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n{body}</svg>\n"
        )
    }
}

impl Svg {
    pub(super) fn finish(self, name: &'static str, title: &str, size: [f64; 2]) -> Picture {
        Picture { name: name.into(), title: title.into(), size, body: self.body }
    }

    /// Adds an element; the attributes are not escaped.
    pub(super) fn element(&mut self, name: &str, attributes: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, "<{name} {attributes}/>");
    }

    /// Adds an element with a tooltip.
    pub(super) fn with_tooltip(&mut self, name: &str, attributes: &str, tooltip: &str) {
        let tooltip = escaped(tooltip);
        let _ = writeln!(self.body, "<{name} {attributes}><title>{tooltip}</title></{name}>");
    }

    pub(super) fn line(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        let place = format!("x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"");
        self.element("line", &format!("class=\"{class}\" {place}"));
    }

    /// Adds a line through points; its colour is that of the class if none is given.
    pub(super) fn polyline(&mut self, class: &str, colour: Option<&str>, points: &[[f64; 2]]) {
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let stroke = colour.map(|colour| format!(" stroke=\"{colour}\"")).unwrap_or_default();
        self.element(
            "polyline",
            &format!("class=\"{class}\"{stroke} points=\"{}\"", points.join(" ")),
        );
    }

    pub(super) fn rect(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], style: &str) {
        let place =
            format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
        self.element("rect", &format!("{place} {style}"));
    }

    pub(super) fn circle(&mut self, [x, y]: [f64; 2], radius: f64, style: &str) {
        self.element("circle", &format!("cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" {style}"));
    }

    pub(super) fn text(&mut self, class: &str, anchor: Anchor, position: [f64; 2], text: &str) {
        self.rotated_text(class, anchor, position, 0.0, text);
    }

    /// Adds text that is rotated clockwise about its position.
    pub(super) fn rotated_text(
        &mut self,
        class: &str,
        anchor: Anchor,
        [x, y]: [f64; 2],
        degrees: f64,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turn = match degrees {
            0.0 => String::new(),
            _ => format!(" transform=\"rotate({degrees} {x:.1} {y:.1})\""),
        };
        let text = escaped(text);
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{turn}>{text}</text>"
        );
    }

    /// Clips what follows to a rectangle, until [`Svg::unclip`].
    pub(super) fn clip(&mut self, name: &str, [x, y]: [f64; 2], [width, height]: [f64; 2]) {
        let _ = writeln!(
            self.body,
            "<clipPath id=\"{name}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"/></clipPath><g clip-path=\"url(#{name})\">"
        );
    }

    pub(super) fn unclip(&mut self) {
        self.body.push_str("</g>\n");
    }
}

/// Escapes text for XML; control characters, which XML cannot contain, become spaces.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

/// The text, cut to at most `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out() {
        assert_eq!(escaped("<a b=\"&\">\u{1}"), "&lt;a b=&quot;&amp;&quot;&gt; ");
        assert_eq!(shortened("naïveté", 5), "naïv…");
        assert_eq!(shortened("naïve", 5), "naïve");
    }
}
