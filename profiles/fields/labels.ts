/**
 * What receipts call things, in four languages; every third spelling is held back (`openTo`).
 *
 * @module
 */
import type { Language } from './world.ts'

const listed = (text: string) => text.split('|').map((label) => label.trim())

export interface Labels {
  total: readonly string[]
  subtotal: readonly string[]
  tax: readonly string[]
  /** Before the name of a tax that the total has in it already. */
  included: readonly string[]
  date: readonly string[]
  item: readonly string[]
  quantity: readonly string[]
  price: readonly string[]
  unit: readonly string[]
  net: readonly string[]
  gross: readonly string[]
  cash: readonly string[]
  card: readonly string[]
  change: readonly string[]
  discount: readonly string[]
  number: readonly string[]
  count: readonly string[]
  title: readonly string[]
  greeting: readonly string[]
  welcome: readonly string[]
  pricesIn: readonly string[]
}

export const labels: { readonly [language in Language]: Labels } = {
  en: {
    total: listed(
      'TOTAL|Total|Total Due|Total due|Amount due|Amount Due|AMOUNT|Balance|Balance due|To pay|Grand Total|Grand total|SUM|Total amount|TOTAL TO PAY|Amount|Bill total|TOTAL DUE',
    ),
    subtotal: listed('Subtotal|SUBTOTAL|Sub-total|Sub Total|Net total|Net amount'),
    tax: listed('VAT|Tax|Sales Tax|TAX|Sales tax|V.A.T.|VAT total|Tax total|VAT amount'),
    included: listed('incl.|Includes|includes|of which|Incl.|including'),
    date: listed('Date|DATE|Date of issue|Sold on|date|Printed'),
    item: listed('Item|Description|Article|ITEM|Product|Goods'),
    quantity: listed('Qty|QTY|Quantity|Qty.|No|Pcs'),
    price: listed('Amount|Price|Sum|Total|TOTAL|Line total'),
    unit: listed('Each|Unit|Unit price|Price'),
    net: listed('Net|NET|Excl. VAT'),
    gross: listed('Gross|GROSS|Incl. VAT'),
    cash: listed('CASH|Cash|Cash given|Cash paid|Tendered|CASH TENDERED'),
    card: listed('VISA|Mastercard|CARD|Card|Debit card|Paid by card|Contactless|AMEX|Credit Card'),
    change: listed('Change|CHANGE|Change due|Your change|Cash back|CHANGE DUE'),
    discount: listed('Discount|Coupon|Voucher|Member discount|Saving'),
    number: listed('Receipt|Receipt No.|Bill no.|Invoice|Order|Check #|Trans|Ref|Ticket'),
    count: listed('Items|Items sold|Number of items|No. of items|Total items|ITEMS'),
    title: listed('RECEIPT|Receipt|SALES RECEIPT|TAX INVOICE|Customer copy|INVOICE'),
    greeting: listed(
      'Thank you!|Thank you for your visit|THANK YOU|Please come again|Have a nice day|See you soon!|Thanks for shopping with us|Goods can be returned within 14 days',
    ),
    welcome: listed('Welcome to|WELCOME TO|Welcome at'),
    pricesIn: listed('All prices in|Prices in|Currency:|Amounts in|Currency'),
  },
  de: {
    total: listed(
      'SUMME|Summe|Gesamtsumme|Gesamt|GESAMT|Gesamtbetrag|Total|TOTAL|Endbetrag|Zu zahlen|ZU ZAHLEN|Endsumme|Betrag|Rechnungsbetrag|Zahlbetrag|Zahlungsbetrag',
    ),
    subtotal: listed('Zwischensumme|ZWISCHENSUMME|Zw.-Summe|Netto|Nettobetrag|Summe netto'),
    tax: listed('MwSt|MwSt.|MWST|USt|Mehrwertsteuer|Umsatzsteuer|Steuer|USt.|MwSt-Betrag'),
    included: listed('inkl.|enthaltene|Enth.|incl.|davon|darin'),
    date: listed('Datum|DATUM|Verkauf am|Datum/Zeit|Rechnungsdatum|Vom'),
    item: listed('Artikel|Bezeichnung|Ware|Position|ARTIKEL|Produkt'),
    quantity: listed('Menge|Anz.|Anzahl|MENGE|Stk|Stück'),
    price: listed('Betrag|Preis|Gesamtpreis|Summe|Gesamt|EUR-Betrag'),
    unit: listed('Einzel|E-Preis|Einzelpreis|Preis'),
    net: listed('Netto|NETTO|ohne MwSt'),
    gross: listed('Brutto|BRUTTO|mit MwSt'),
    cash: listed('BAR|Bar|Barzahlung|Gegeben|Gegeben bar|Bar erhalten'),
    card: listed('EC-Karte|Girocard|Kreditkarte|VISA|Kartenzahlung|Maestro|Karte|EC-Cash'),
    change: listed('Rückgeld|RÜCKGELD|Wechselgeld|Zurück|Rückgeld bar|Rausgeld'),
    discount: listed('Rabatt|Gutschein|Nachlass|Aktion|Coupon'),
    number: listed('Bon-Nr.|Beleg|Rechnung Nr.|Kasse|Bon|Rechnungs-Nr.|Belegnummer|Tisch|Terminal'),
    count: listed('Anzahl Artikel|Artikel|Posten|Positionen|Artikelanzahl|Stückzahl'),
    title: listed('KASSENBON|Quittung|Kassenbeleg|RECHNUNG|Rechnung|Bewirtungsbeleg'),
    greeting: listed(
      'Vielen Dank!|Vielen Dank für Ihren Einkauf|Danke für Ihren Besuch|Auf Wiedersehen|VIELEN DANK|Bis bald!|Umtausch nur mit Kassenbon|Es bediente Sie',
    ),
    welcome: listed('Willkommen bei|Willkommen im|Herzlich willkommen bei'),
    pricesIn: listed('Alle Preise in|Preise in|Währung:|Beträge in|Währung'),
  },
  fr: {
    total: listed(
      'TOTAL|Total|Total TTC|TOTAL TTC|Montant|Montant total|Total à payer|A PAYER|À payer|NET A PAYER|Net à payer|Montant dû|Somme|TOTAL A PAYER|Total général',
    ),
    subtotal: listed('Sous-total|SOUS-TOTAL|Total HT|Montant HT|TOTAL HT|S/Total'),
    tax: listed('TVA|T.V.A.|Taxe|Dont TVA|Montant TVA|Total TVA'),
    included: listed('dont|incl.|TTC, dont|Dont|comprend'),
    date: listed('Date|DATE|Le|du|Date de vente|Date et heure'),
    item: listed('Article|Désignation|Libellé|Produit|ARTICLE|Description'),
    quantity: listed('Qté|QTE|Quantité|Qte|Nb|Nombre'),
    price: listed('Montant|Prix|Total|TOTAL|Prix TTC|Somme'),
    unit: listed('P.U.|PU|Prix unit.|Unité'),
    net: listed('HT|H.T.|Hors taxe'),
    gross: listed('TTC|T.T.C.|Toutes taxes'),
    cash: listed('ESPECES|Espèces|Reçu espèces|Payé en espèces|Especes|Comptant'),
    card: listed('CB|Carte bancaire|Carte Bleue|VISA|Paiement CB|CARTE|Sans contact'),
    change: listed('Rendu|RENDU|Monnaie|A rendre|Rendu monnaie|Monnaie rendue'),
    discount: listed('Remise|Bon de réduction|Rabais|Avoir|Promo'),
    number: listed('Ticket|Ticket no|Facture|No ticket|Caisse|Commande|Table|Note'),
    count: listed("Nombre d'articles|Articles|Nb articles|NB ART|Art."),
    title: listed('TICKET DE CAISSE|Ticket|Facture|RECU|Reçu|Note client'),
    greeting: listed(
      'Merci de votre visite|Merci !|MERCI|A bientôt|Merci et à bientôt|Au revoir|Merci pour votre achat|Bonne journée',
    ),
    welcome: listed('Bienvenue chez|Bienvenue à|Bienvenue au'),
    pricesIn: listed('Prix en|Tous les prix en|Devise :|Montants en|Devise'),
  },
  es: {
    total: listed(
      'TOTAL|Total|Total a pagar|TOTAL A PAGAR|Importe|Importe total|Suma|A pagar|SUMA|Importe a pagar|Total factura|Total compra|Monto total|TOTAL EUROS|Total ticket',
    ),
    subtotal: listed('Subtotal|SUBTOTAL|Base imponible|Base|Importe neto|Neto'),
    tax: listed('IVA|I.V.A.|Impuesto|Cuota IVA|Total IVA|Impuestos'),
    included: listed('incl.|IVA incluido:|incluye|incluido|Incluye'),
    date: listed('Fecha|FECHA|Fecha/hora|Fecha de venta|Día|Fecha y hora'),
    item: listed('Artículo|Descripción|Concepto|Producto|ARTICULO|Detalle'),
    quantity: listed('Cant.|CANT|Cantidad|Uds|Ud.|Unidades'),
    price: listed('Importe|Precio|Total|IMPORTE|Monto|Suma'),
    unit: listed('P. unit.|Precio ud.|PVP|Unidad'),
    net: listed('Base|BASE|Neto'),
    gross: listed('Total|Bruto|Con IVA'),
    cash: listed('EFECTIVO|Efectivo|Entregado|Pago en efectivo|Recibido|Contado'),
    card: listed('TARJETA|Tarjeta|VISA|Tarjeta de crédito|Pago con tarjeta|Débito'),
    change: listed('Cambio|CAMBIO|Vuelta|Devolución|Su cambio|A devolver'),
    discount: listed('Descuento|Cupón|Dto.|Vale|Promoción'),
    number: listed('Ticket|Factura|N. ticket|Mesa|Caja|Pedido|Recibo|Fra. simplificada'),
    count: listed('Artículos|Num. artículos|Total artículos|Núm. arts.|Arts.'),
    title: listed('TICKET|Factura simplificada|RECIBO|Recibo|Ticket de compra|Copia cliente'),
    greeting: listed(
      'Gracias por su visita|Gracias|GRACIAS|Vuelva pronto|Gracias por su compra|Hasta pronto|Muchas gracias|Buen día',
    ),
    welcome: listed('Bienvenido a|Bienvenidos a|Bienvenida a'),
    pricesIn: listed('Precios en|Todos los precios en|Moneda:|Importes en|Moneda'),
  },
}
