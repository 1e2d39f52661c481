// SPDX-License-Identifier: Apache-2.0
//
// A wide register that Python fills without VPI: see mailbox.cpp and mailbox.py.

module tapetum_mailbox #(
    parameter WIDTH = 1,
    parameter NAME = "mailbox"
) (
    input wire clk,
    input wire load,
    output reg [WIDTH-1:0] data
);
    import "DPI-C" function int tapetum_mailbox_open(input string name, input int words);
    import "DPI-C" function int tapetum_mailbox_word(input int mailbox, input int index);

    localparam WORDS = (WIDTH + 31) / 32;
    int mailbox;
    logic [32*WORDS-1:0] letter;

    initial begin
        data = '0;
        mailbox = tapetum_mailbox_open(NAME, WORDS);
    end

    always @(posedge clk)
        if (load) begin
            for (int index = 0; index < WORDS; ++index)
                letter[32*index+:32] = tapetum_mailbox_word(mailbox, index);
            data <= letter[WIDTH-1:0];
        end
endmodule
