//! A plan as a Graphviz graph: kernels are boxes, buffers are ellipses, arrows show what is read and written.

use std::fmt::Write as _;

use super::{Phase, Plan, print};
use crate::kernels::Access;

pub(super) fn dot(plan: &Plan) -> String {
    let mut text =
        String::from("digraph halfplane {\n  rankdir=LR;\n  node [fontname=\"sans\"];\n");
    let mut line = |content: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {content}");
    };
    for (index, buffer) in plan.buffers.iter().enumerate() {
        line(format!(
            "b{index} [label=\"{}\\n{:?}, {}\"];",
            buffer.name,
            buffer.shape,
            print::bytes(buffer.bytes()),
        ));
    }
    for phase in Phase::ALL {
        for (number, dispatch) in plan.phase(phase).iter().enumerate() {
            let name = format!("{}{number}", phase.name());
            let kernel = dispatch.operation.kernel();
            line(format!(
                "{name} [shape=box, style=filled, fillcolor=lightgrey, \
                 label=\"{} {}: {}\\n{}\\n{}\"];",
                phase.name(),
                number + 1,
                kernel.stem(),
                dispatch.label,
                kernel.describe(),
            ));
            for (buffer, access) in dispatch.accesses() {
                match access {
                    Access::Read => line(format!("b{} -> {name};", buffer.0)),
                    Access::ReadWrite => line(format!("{name} -> b{};", buffer.0)),
                }
            }
        }
    }
    text.push_str("}\n");
    text
}
