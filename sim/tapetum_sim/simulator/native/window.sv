// SPDX-License-Identifier: Apache-2.0
//
// Keeps the last clocks of a signal in a file: see window.cpp and window.py.

module tapetum_window #(
    parameter WIDTH = 1,
    parameter COUNT = 1,
    parameter PATH = "window"
) (
    input wire clk,
    input wire [WIDTH-1:0] payload
);
    import "DPI-C" function int tapetum_window_open(input string name, input int count);
    import "DPI-C" function void tapetum_window_write(input int window, input int unsigned payload);

    int window;
    initial window = tapetum_window_open(PATH, COUNT);

    always @(posedge clk) if (window >= 0) tapetum_window_write(window, 32'(payload));
endmodule
