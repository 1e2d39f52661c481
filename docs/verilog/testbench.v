// SPDX-License-Identifier: Apache-2.0
//
// The smallest host, pixel die and PHY that bring up the die of preset `tiny`: waits for the
// registers, shortens exposure and line, starts the stream and watches two rows being converted.
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
    MIN_LINE_LENGTH_PCK = 16'h1144, CAPTURE_MASK = 16'h3000, SETTINGS_STATUS = 16'h3006;
  localparam [9:0] RESET_LEVEL = 32, FULL_WELL = 960;  // ramp codes

  // Four clocks, each with a synchronous, active-high reset.
  reg clk = 0, adc_clk = 0, byte_clk = 0, safety_clk = 0;
  reg rst = 1, adc_rst = 1, byte_rst = 1, safety_rst = 1;
  always #6.667 clk = ~clk;            // 75 MHz
  always #5.000 adc_clk = ~adc_clk;    // 100 MHz
  always #40.00 byte_clk = ~byte_clk;  // 12.5 MHz
  always #20.833 safety_clk = ~safety_clk;  // 24 MHz

  reg [15:0] bus__address = 0;
  reg [7:0] bus__write_data = 0;
  reg bus__write = 0, bus__read = 0;
  wire [7:0] bus__read_data;
  wire bus__read_valid;

  wire [16:0] row_control;
  localparam SHUTTERS = 6;  // two per exposure group
  wire [13*SHUTTERS-1:0] shutters;
  wire [9:0] ramp_code;
  wire ramp_active, ramp_kind, error;
  wire [2:0] bond_pattern;
  reg [BONDS-1:0] comparators = 0;
  wire phy__request;

  tapetum_tiny die(
    .clk(clk), .rst(rst), .adc_clk(adc_clk), .adc_rst(adc_rst),
    .byte_clk(byte_clk), .byte_rst(byte_rst), .safety_clk(safety_clk), .safety_rst(safety_rst),
    .bus__address(bus__address), .bus__write(bus__write), .bus__write_data(bus__write_data),
    .bus__read(bus__read), .bus__read_data(bus__read_data), .bus__read_valid(bus__read_valid),
    .bus__host(2'b00), .bus_waits(), .scl(1'b1), .sda(1'b1), .pull_sda(), .second_address(1'b0),
    .spi_clock(1'b0), .spi_select(1'b1), .spi_data_in(1'b0), .spi_data_out(), .spi_drive(),
    .row_control(row_control), .ramp_code(ramp_code), .ramp_active(ramp_active),
    .ramp_kind(ramp_kind), .comparators(comparators), .external_sync(1'b0), .temperature(16'sd6400),
    .error(error), .phy__clock_request(),
    .phy__request(phy__request), .phy__ready(phy__request), .phy__valid(), .phy__data(),
    .shutters(shutters), .row_read_back(row_read_back), .shutter_read_back(shutter_read_back),
    .bond_pattern(bond_pattern), .bond_map_load(), .bond_map(), .sync_output(),
    .strobe(), .interrupt_request(), .counter_clock_request()
  );

  // A pixel die without noise. Rows 0 and 1 are test rows, which tell the die what its columns do:
  // whatever the light, row 0 shows a quarter of the full well above the reset level, row 1 three
  // quarters. Off by more than 128 codes, a column counts as broken (fault `column_limit`).
  wire [9:0] test_level = row_control[0] ? FULL_WELL * 3 / 4 : FULL_WELL / 4;
  wire [9:0] level = RESET_LEVEL + (ramp_kind ? test_level : 0);

  // What it did with its row lines: number of the selected row and its complement, both 0 if there
  // is none, then the levels. Of each shutter line, the row that was emptied last.
  wire [27:0] row_read_back = {row_control[16:13], row_control[12] ? ~row_control[11:0] : 12'd0,
    row_control[12] ? row_control[11:0] : 12'd0};
  reg [25*SHUTTERS-1:0] shutter_read_back = 0;
  integer each;
  always @(posedge clk)
    for (each = 0; each < SHUTTERS; each = each + 1)
      if (shutters[13*each+12])
        shutter_read_back[25*each +: 25] <= {~shutter_read_back[25*each+24],
          ~shutters[13*each +: 12], shutters[13*each +: 12]};

  // While the bonds are tested, the pixel die drives the pattern instead: neighbours differ,
  // and the spare of each group of 16 columns, here the upper five bits, lies right of its group.
  localparam [BONDS-1:0] EVEN_PLACES =
    {5'b10101, 16'h5555, 16'haaaa, 16'h5555, 16'haaaa, 16'h5555};

  // A comparator answers two clocks after its code. It must stay up until two clocks after the
  // ramp: if it falls sooner, the die takes the end of the ramp for its edge, and reads all ones.
  reg reached = 0;
  always @(posedge adc_clk) begin
    reached <= ramp_active && ramp_code >= level;
    case (bond_pattern)
      0: comparators <= {BONDS{reached}};
      1: comparators <= 0;
      2: comparators <= {BONDS{1'b1}};
      3: comparators <= EVEN_PLACES;
      default: comparators <= ~EVEN_PLACES;
    endcase
  end

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
  reg [7:0] busy, shortest_high, shortest_low;
  always @(posedge ramp_active) ramps = ramps + 1;

  initial begin
    #200 rst = 0; adc_rst = 0; byte_rst = 0; safety_rst = 0;

    busy = 1;
    while (busy != 0) read_register(SOFTWARE_RESET, busy);
    $display("%0t: registers are ready", $time);

    write_register(CAPTURE_MASK, 8'h03);                 // the long exposure, at both gains
    // Big-endian. A value acts with its last byte; the bytes before it must be written directly
    // before it, or they are lost.
    write_register(COARSE_INTEGRATION_TIME, 8'h00);      // 1 line
    write_register(COARSE_INTEGRATION_TIME + 1, 8'h01);
    read_register(MIN_LINE_LENGTH_PCK, shortest_high);
    read_register(MIN_LINE_LENGTH_PCK + 1, shortest_low);
    write_register(LINE_LENGTH_PCK, shortest_high);
    write_register(LINE_LENGTH_PCK + 1, shortest_low);
    busy = 2;
    while (busy[1]) read_register(SETTINGS_STATUS, busy);
    $display("%0t: settings are accepted, clamped is %b", $time, busy[0]);

    write_register(MODE_SELECT, 8'h01);
    wait (row_control[12]);
    $display("%0t: row %0d is selected", $time, row_control[11:0]);
    wait (ramps == 8);              // two rows, each a reset and a signal ramp at both gains
    wait (!ramp_active);
    repeat (200) @(posedge clk);    // the last codes are read out and judged
    $display("%0t: %0d ramps done, error is %b", $time, ramps, error);
    if (error !== 1'b0) $display("FAILED: the die reports a fault");
    else $display("PASSED");
    $finish;
  end

  initial begin
    #1_000_000 $display("FAILED: nothing more happens at %0t", $time);
    $finish;
  end
endmodule
