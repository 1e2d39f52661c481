// SPDX-License-Identifier: Apache-2.0
//
// What a block RAM and a multiplier of an ECP5 do: yosys has models of all other cells, and none of
// these. Pins and parameters that yosys leaves at rest are left out. A table is one operation of a
// simulator here.
// Ref: Lattice FPGA-TN-02204 (memories), FPGA-TN-02205 (multipliers); where bits lie in words and
// in INITVAL: yosys, techlibs/lattice/brams_map_16kd.v.

// One port of a block RAM: which bytes of a word of 36 bits it means, and what becomes of its
// register. Words of 18 and 36 bits are two and four bytes of nine, written as the lowest bits of
// the address say; shorter ones are parts of the lower eight bits of a byte.
module lfe5u_port #(
  parameter WIDTH = 18, REGMODE = "NOREG", WRITEMODE = "NORMAL", RESETMODE = "SYNC"
) (
  input clock, enable, output_enable, write, reset,
  input [13:0] address, input [35:0] data, output [35:0] found,
  output [8:0] row, output [3:0] byte_writes, output [35:0] row_data, input [35:0] row_found
);
  function [35:0] cut(input [35:0] word);
    case (WIDTH)
      36: cut = word;
      18: cut = word >> (18 * address[4]);
      9: cut = (word >> (9 * address[4:3])) & 36'h1ff;
      4: cut = (word >> (9 * address[4:3] + 4 * address[2])) & 36'hf;
      2: cut = (word >> (9 * address[4:3] + 2 * address[2:1])) & 36'h3;
      default: cut = (word >> (9 * address[4:3] + address[2:0])) & 36'h1;
    endcase
  endfunction

  wire [35:0] placed, mask;
  wire [3:0] bytes;
  generate
    if (WIDTH == 36) assign bytes = address[3:0];
    else if (WIDTH == 18) assign bytes = address[1:0] << (2 * address[4]);
    else assign bytes = 4'b1 << address[4:3];
    if (WIDTH == 36) assign placed = data;
    else if (WIDTH == 18) assign placed = {2{data[17:0]}};
    else if (WIDTH == 9) assign placed = {4{data[8:0]}};
    else assign placed = {4{1'b0, {8 / WIDTH{data[WIDTH - 1:0]}}}};
    if (WIDTH >= 9) assign mask = {36{1'b1}};
    else if (WIDTH == 4) assign mask = {4{9'hf << (4 * address[2])}};
    else if (WIDTH == 2) assign mask = {4{9'h3 << (2 * address[2:1])}};
    else assign mask = {4{9'h1 << address[2:0]}};
  endgenerate
  // A port in reset does not write.
  wire writes = enable & write & ~(RESETMODE == "SYNC" & reset);
  assign row = address[13:5];
  assign byte_writes = bytes & {4{writes}};
  assign row_data = (placed & mask) | (row_found & ~mask);

  wire [35:0] chosen;
  genvar index;
  generate
    for (index = 0; index < 4; index = index + 1) begin : bytes_seen
      assign chosen[9 * index +: 9] =
        (WRITEMODE == "WRITETHROUGH" & byte_writes[index])
          ? row_data[9 * index +: 9] : row_found[9 * index +: 9];
    end
  endgenerate
  reg [35:0] first = 0, second = 0;
  always @(posedge clock)
    if (reset) first <= 0;
    else if (enable & ~(WRITEMODE == "NORMAL" & writes)) first <= cut(chosen);
  always @(posedge clock)
    if (reset) second <= 0;
    else if (output_enable) second <= first;
  assign found = REGMODE == "OUTREG" ? second : first;
endmodule

module DP16KD(
  input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
    DIA3, DIA2, DIA1, DIA0,
  input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
  input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
  output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
    DOA4, DOA3, DOA2, DOA1, DOA0,
  input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
    DIB3, DIB2, DIB1, DIB0,
  input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
  input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
  output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
    DOB4, DOB3, DOB2, DOB1, DOB0
);
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
  parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG";
  parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
  parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000";
  parameter CLKAMUX = "CLKA", CLKBMUX = "CLKB";
  parameter RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC", GSR = "ENABLED";
  parameter [319:0] INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0, INITVAL_04 = 0,
    INITVAL_05 = 0, INITVAL_06 = 0, INITVAL_07 = 0, INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0,
    INITVAL_0B = 0, INITVAL_0C = 0, INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0, INITVAL_10 = 0,
    INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0, INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0,
    INITVAL_17 = 0, INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0, INITVAL_1C = 0,
    INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0, INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0,
    INITVAL_23 = 0, INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0, INITVAL_28 = 0,
    INITVAL_29 = 0, INITVAL_2A = 0, INITVAL_2B = 0, INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0,
    INITVAL_2F = 0, INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0, INITVAL_34 = 0,
    INITVAL_35 = 0, INITVAL_36 = 0, INITVAL_37 = 0, INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0,
    INITVAL_3B = 0, INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0, INITVAL_3F = 0;
  localparam [20479:0] CONTENT = {INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B,
    INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33,
    INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B,
    INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23,
    INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B,
    INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13,
    INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B,
    INITVAL_0A, INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03,
    INITVAL_02, INITVAL_01, INITVAL_00};

  wire [17:0] data_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7,
    DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
  wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3,
    ADA2, ADA1, ADA0};
  wire clock_a = CLKAMUX == "INV" ? ~CLKA : CLKA;
  wire [35:0] found_a, row_data_a, row_found_a;
  wire [8:0] row_a;
  wire [3:0] byte_writes_a;
  wire [17:0] data_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7,
    DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
  wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3,
    ADB2, ADB1, ADB0};
  wire clock_b = CLKBMUX == "INV" ? ~CLKB : CLKB;
  wire [35:0] found_b, row_data_b, row_found_b;
  wire [8:0] row_b;
  wire [3:0] byte_writes_b;
  // A word of 36 bits takes the pins of both ports.
  wire [35:0] both = {data_b, data_a};

  lfe5u_port #(
    .WIDTH(DATA_WIDTH_A), .REGMODE(REGMODE_A), .WRITEMODE(WRITEMODE_A), .RESETMODE(RESETMODE)
  ) port_a (
    .clock(clock_a), .enable(CEA), .output_enable(OCEA), .write(WEA), .reset(RSTA),
    .address(address_a), .data(DATA_WIDTH_A == 36 ? both : data_a), .found(found_a),
    .row(row_a), .byte_writes(byte_writes_a), .row_data(row_data_a),
    .row_found(row_found_a));
  lfe5u_port #(
    .WIDTH(DATA_WIDTH_B), .REGMODE(REGMODE_B), .WRITEMODE(WRITEMODE_B), .RESETMODE(RESETMODE)
  ) port_b (
    .clock(clock_b), .enable(CEB), .output_enable(OCEB), .write(WEB), .reset(RSTB),
    .address(address_b), .data(DATA_WIDTH_B == 36 ? both : data_b), .found(found_b),
    .row(row_b), .byte_writes(byte_writes_b), .row_data(row_data_b),
    .row_found(row_found_b));

  genvar index;
  generate
    for (index = 0; index < 4; index = index + 1) begin : lane
      reg [8:0] bytes [0:511];
      integer i;
      initial
        for (i = 0; i < 512; i = i + 1)
          bytes[i] = CONTENT[40 * i + 20 * (index / 2) + 9 * (index % 2) +: 9];
      assign row_found_a[9 * index +: 9] = bytes[row_a];
      assign row_found_b[9 * index +: 9] = bytes[row_b];
      always @(posedge clock_a)
        if (byte_writes_a[index]) bytes[row_a] <= row_data_a[9 * index +: 9];
      always @(posedge clock_b)
        if (byte_writes_b[index]) bytes[row_b] <= row_data_b[9 * index +: 9];
    end
  endgenerate

  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
    DOB4, DOB3, DOB2, DOB1, DOB0} = DATA_WIDTH_B == 36 ? found_b[35:18] : found_b[17:0];
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
    DOA4, DOA3, DOA2, DOA1, DOA0} = DATA_WIDTH_B == 36 ? found_b[17:0] : found_a[17:0];
endmodule

// Two factors, and a register before each and behind the product if REG_..._CLK says so.
module MULT18X18D(
  input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
  input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
  input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
  input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK0, CE0, RST0,
  output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
    P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  parameter REG_INPUTA_CLK = "NONE", REG_INPUTA_CE = "CE0", REG_INPUTA_RST = "RST0";
  parameter REG_INPUTB_CLK = "NONE", REG_INPUTB_CE = "CE0", REG_INPUTB_RST = "RST0";
  parameter REG_OUTPUT_CLK = "NONE", REG_OUTPUT_CE = "CE0", REG_OUTPUT_RST = "RST0";

  wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  reg [17:0] kept_a = 0, kept_b = 0;
  reg [35:0] kept_product = 0;
  wire [17:0] left = REG_INPUTA_CLK == "CLK0" ? kept_a : a;
  wire [17:0] right = REG_INPUTB_CLK == "CLK0" ? kept_b : b;
  wire signed [36:0] product = $signed({SIGNEDA & left[17], left})
                               * $signed({SIGNEDB & right[17], right});
  always @(posedge CLK0)
    if (RST0) begin
      kept_a <= 0;
      kept_b <= 0;
      kept_product <= 0;
    end else if (CE0) begin
      kept_a <= a;
      kept_b <= b;
      kept_product <= product[35:0];
    end
  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
    P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} =
    REG_OUTPUT_CLK == "CLK0" ? kept_product : product[35:0];
endmodule

module LUT4(input A, B, C, D, output Z);
  parameter [15:0] INIT = 0;
  \$lut #(.WIDTH(4), .LUT(INIT)) entries (.A({D, C, B, A}), .Y(Z));
endmodule
