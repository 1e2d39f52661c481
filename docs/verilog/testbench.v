// SPDX-License-Identifier: Apache-2.0
//
// The smallest host, pixel die and PHY that bring up the die of preset `tiny`: waits for the
// registers, shortens exposure and line, starts the stream and watches a row being converted.
//
//     tapetum verilog --preset tiny
//     iverilog -g2005 -o bringup build/verilog/tapetum_tiny.v docs/verilog/testbench.v
//     vvp bringup
`timescale 1ns / 1ps

module testbench;
  localparam BONDS = 85;  // the width of `comparators` in tapetum_tiny.json
  // From `tapetum registers --preset tiny`.
  localparam [15:0] MODE_SELECT = 16'h0100, SOFTWARE_RESET = 16'h0103,
    COARSE_INTEGRATION_TIME = 16'h0202, LINE_LENGTH_PCK = 16'h0342,
    CAPTURE_MASK = 16'h3000, SETTINGS_STATUS = 16'h3006;
  localparam [15:0] LINE_CYCLES = 4200;  // the shortest
  localparam [9:0] RESET_LEVEL = 30, SIGNAL_LEVEL = 200;

  // Three clocks, each with a synchronous, active-high reset.
  reg clk = 0, adc_clk = 0, byte_clk = 0;
  reg rst = 1, adc_rst = 1, byte_rst = 1;
  always #6.667 clk = ~clk;            // 75 MHz
  always #5.000 adc_clk = ~adc_clk;    // 100 MHz
  always #40.00 byte_clk = ~byte_clk;  // 12.5 MHz

  reg [15:0] bus__address = 0;
  reg [7:0] bus__write_data = 0;
  reg bus__write = 0, bus__read = 0;
  wire [7:0] bus__read_data;
  wire bus__read_valid;

  wire [16:0] row_control;
  wire [9:0] ramp_code;
  wire ramp_active, ramp_kind, error;
  reg [BONDS-1:0] comparators = 0;
  wire phy__request;

  tapetum_tiny die(
    .clk(clk), .rst(rst), .adc_clk(adc_clk), .adc_rst(adc_rst),
    .byte_clk(byte_clk), .byte_rst(byte_rst),
    .bus__address(bus__address), .bus__write(bus__write), .bus__write_data(bus__write_data),
    .bus__read(bus__read), .bus__read_data(bus__read_data), .bus__read_valid(bus__read_valid),
    .row_control(row_control), .ramp_code(ramp_code), .ramp_active(ramp_active),
    .ramp_kind(ramp_kind), .comparators(comparators), .external_sync(1'b0), .error(error),
    .phy__request(phy__request), .phy__ready(phy__request), .phy__valid(), .phy__data(),
    .shutters(), .bond_pattern(), .bond_map_load(), .bond_map(), .sync_output(), .strobe(),
    .interrupt_request(), .counter_clock_request()
  );

  // A pixel die without light: every comparator trips at the same place of each ramp.
  wire [9:0] level = ramp_kind ? SIGNAL_LEVEL : RESET_LEVEL;
  always @(posedge adc_clk)
    comparators <= {BONDS{ramp_active && ramp_code >= level}};

  // Strobes last one cycle, at least 8 cycles apart.
  task write_register(input [15:0] address, input [7:0] value);
    begin
      @(posedge clk) #1;
      bus__address = address; bus__write_data = value; bus__write = 1;
      @(posedge clk) #1;
      bus__write = 0;
      repeat (8) @(posedge clk);
    end
  endtask

  task read_register(input [15:0] address, output [7:0] value);
    begin
      @(posedge clk) #1;
      bus__address = address; bus__read = 1;
      @(posedge clk) #1;
      bus__read = 0;
      while (!bus__read_valid) @(posedge clk) #1;
      value = bus__read_data;
      repeat (8) @(posedge clk);
    end
  endtask

  integer ramps = 0;
  reg [7:0] busy;
  always @(posedge ramp_active) ramps = ramps + 1;

  initial begin
    #200 rst = 0; adc_rst = 0; byte_rst = 0;

    busy = 1;
    while (busy != 0) read_register(SOFTWARE_RESET, busy);
    $display("%0t: registers are ready", $time);

    write_register(CAPTURE_MASK, 8'h03);                 // the long exposure, at both gains
    write_register(COARSE_INTEGRATION_TIME, 8'h00);      // big-endian: 1 line
    write_register(COARSE_INTEGRATION_TIME + 1, 8'h01);
    write_register(LINE_LENGTH_PCK, LINE_CYCLES >> 8);
    write_register(LINE_LENGTH_PCK + 1, LINE_CYCLES);
    busy = 2;
    while (busy[1]) read_register(SETTINGS_STATUS, busy);
    $display("%0t: settings are accepted, clamped is %b", $time, busy[0]);

    write_register(MODE_SELECT, 8'h01);
    wait (row_control[12]);
    $display("%0t: row %0d is selected", $time, row_control[11:0]);
    wait (ramps == 4);
    wait (!ramp_active);
    $display("%0t: %0d ramps done, error is %b", $time, ramps, error);
    if (error !== 1'b0) $display("FAILED: the die reports a fault");
    else $display("PASSED");
    $finish;
  end

  initial begin
    #400_000 $display("FAILED: nothing more happens at %0t", $time);
    $finish;
  end
endmodule
