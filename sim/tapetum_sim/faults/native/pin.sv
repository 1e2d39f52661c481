// SPDX-License-Identifier: Apache-2.0
// An output that keeps its own name: see top.py.

module tapetum_pin #(
    parameter WIDTH = 1
) (
    input wire [WIDTH-1:0] inner,
    output wire [WIDTH-1:0] outer
);
    assign outer = inner;
endmodule
