// SPDX-License-Identifier: Apache-2.0
//
// The far end of a serial line, as a pseudo-terminal: see serial_line.cpp and serial_line.py.

module tapetum_serial_line #(
    parameter CYCLES = 1,
    parameter NAME = "serial"
) (
    input wire clk,
    input wire from_design,
    output reg to_design
);
    import "DPI-C" function int tapetum_serial_open(input string name);
    import "DPI-C" function int tapetum_serial_receive(input int line);
    import "DPI-C" function void tapetum_serial_send(input int line, input int value);

    int line;
    int send_wait, receive_wait, send_left, receive_left, idle, next;
    logic [8:0] sending;
    logic [7:0] receiving;

    initial begin
        to_design = 1'b1;
        send_left = 0;
        receive_left = 0;
        idle = 0;
        line = tapetum_serial_open(NAME);
    end

    always @(posedge clk) begin
        if (send_left != 0) begin
            if (send_wait != 0) send_wait <= send_wait - 1;
            else begin
                to_design <= sending[0];
                sending <= {1'b1, sending[8:1]};
                send_left <= send_left - 1;
                send_wait <= CYCLES - 1;
            end
        end else if (idle != 0) idle <= idle - 1;
        else begin
            // The terminal is asked once in a bit's time: asking costs more than a clock.
            idle <= CYCLES - 1;
            next = tapetum_serial_receive(line);
            if (next >= 0) begin
                to_design <= 1'b0;
                sending <= {1'b1, next[7:0]};
                send_left <= 9;
                send_wait <= CYCLES - 1;
            end
        end

        if (receive_left == 0) begin
            if (!from_design) begin
                receive_left <= 9;
                receive_wait <= CYCLES + CYCLES / 2 - 1;
            end
        end else if (receive_wait != 0) receive_wait <= receive_wait - 1;
        else begin
            receive_wait <= CYCLES - 1;
            receive_left <= receive_left - 1;
            if (receive_left == 1) begin
                if (from_design) tapetum_serial_send(line, {24'b0, receiving});
            end else receiving <= {from_design, receiving[7:1]};
        end
    end
endmodule
