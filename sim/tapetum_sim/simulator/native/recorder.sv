// SPDX-License-Identifier: Apache-2.0
//
// Writes every accepted beat of a stream to a file: see recorder.cpp and recorder.py.

module tapetum_recorder #(
    parameter WIDTH = 1,
    parameter PATH = "recording"
) (
    input wire clk,
    input wire valid,
    input wire ready,
    input wire [WIDTH-1:0] payload
);
    import "DPI-C" function int tapetum_recorder_open(input string name, input int width);
    // One width per imported function: a narrow one for pixels and bytes, a wide one for the rest.
    import "DPI-C" function void tapetum_recorder_write_64(input int recorder,
                                                           input longint unsigned payload);
    import "DPI-C" function void tapetum_recorder_write_1024(input int recorder,
                                                             input bit [1023:0] payload);

    int recorder;
    initial recorder = tapetum_recorder_open(PATH, WIDTH);

    generate
        if (WIDTH <= 64) begin : narrow
            always @(posedge clk)
                if (valid && ready && recorder >= 0)
                    tapetum_recorder_write_64(recorder, 64'(payload));
        end else begin : wide
            always @(posedge clk)
                if (valid && ready && recorder >= 0)
                    tapetum_recorder_write_1024(recorder, 1024'(payload));
        end
    endgenerate
endmodule
