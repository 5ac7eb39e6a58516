// A grid past 65,535 workgroups is folded into two dimensions; this undoes it.
fn unfold(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.y * groups.x + group.x;
}
